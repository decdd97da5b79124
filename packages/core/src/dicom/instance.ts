import type { DataSet } from 'dicom-parser'
import type { Skipped } from '../series/study.ts'
import type { Vec3 } from '../volume/geometry.ts'
import { PIXEL_DATA, parseDataSet } from './data-set.ts'
import { decodeText } from './text.ts'

/** How the samples of one image are stored (PS3.3 C.7.6.3, C.11.1). */
export type PixelFormat = {
  readonly rows: number
  readonly columns: number
  readonly samplesPerPixel: number
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly highBit: number
  readonly signed: boolean
  /** HU = slope * stored + intercept; null where the file does not say. */
  readonly rescaleSlope: number | null
  readonly rescaleIntercept: number | null
  /** Stored values from..to stand for "nothing was measured here"; null without PixelPaddingValue. */
  readonly padding: readonly [from: number, to: number] | null
}

/** Where PixelData lies in the file. */
export type PixelLocation = {
  /** First byte of the value, or of the first item when encapsulated. */
  readonly offset: number
  /** Bytes in the value; null when encapsulated. */
  readonly length: number | null
}

/** One image of a source: the attributes that reading needs. Positions in LPS, mm. */
export type Instance = {
  readonly path: string
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly sopInstanceUid: string
  readonly patientId: string
  /** As written, e.g. DOE^JANE. Shown to whoever reads the study; in no report. */
  readonly patientName: string
  readonly studyDescription: string
  readonly seriesDescription: string
  readonly protocolName: string
  readonly bodyPart: string
  readonly modality: string
  readonly imageType: readonly string[]
  readonly kernel: string
  readonly acquisitionNumber: number | null
  readonly instanceNumber: number | null
  readonly frames: number
  /** Nominal; never used as the distance between slices. */
  readonly sliceThicknessMm: number | null
  readonly transferSyntaxUid: string
  readonly position: Vec3 | null
  /** Directions of increasing column (along a row) and of increasing row (down a column), unit length. */
  readonly orientation: readonly [alongRow: Vec3, downColumn: Vec3] | null
  /** Distance between rows, then between columns, as in PixelSpacing. */
  readonly pixelSpacingMm: readonly [betweenRows: number, betweenColumns: number] | null
  readonly format: PixelFormat
  readonly pixels: PixelLocation
}

export type ParsedInstance =
  | { readonly kind: 'instance'; readonly instance: Instance }
  | { readonly kind: 'more' }
  | { readonly kind: 'skip'; readonly skipped: Skipped }

/**
 * Reads what is needed of one DICOM file from its first bytes; never throws. `fileSize` larger than the bytes given
 * means that they are a prefix, and the answer may be that more are needed.
 */
export function parseInstance(
  path: string,
  bytes: Uint8Array,
  fileSize: number = bytes.length,
): ParsedInstance {
  const skip = (reason: string): ParsedInstance => ({ kind: 'skip', skipped: { path, reason } })
  const parsed = parseDataSet(bytes, bytes.length >= fileSize)
  if (parsed.kind === 'more') return parsed
  if (parsed.kind === 'skip') return skip(parsed.reason)
  const { dataSet, transferSyntaxUid, shift } = parsed
  try {
    if (dataSet.elements.x00041220 !== undefined)
      return skip('DICOMDIR, an index; the files are found without it')
    const pixelData = dataSet.elements[PIXEL_DATA]
    const modality = text(dataSet, 'x00080060')
    if (pixelData === undefined) return skip(`no pixel data (modality ${modality || 'not given'})`)
    const offset = pixelData.dataOffset - shift
    const encapsulated = pixelData.hadUndefinedLength === true
    if (!encapsulated && offset + pixelData.length > fileSize)
      return skip(
        `truncated: pixel data needs ${pixelData.length} bytes, ${Math.max(0, fileSize - offset)} are there`,
      )
    const instance: Instance = {
      path,
      ...readDescription(dataSet),
      modality,
      transferSyntaxUid,
      ...readGeometry(dataSet),
      format: readFormat(dataSet),
      pixels: { offset, length: encapsulated ? null : pixelData.length },
    }
    return { kind: 'instance', instance }
  } catch (error) {
    return skip(`damaged DICOM file: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function readDescription(dataSet: DataSet) {
  return {
    studyInstanceUid: uid(dataSet, 'x0020000d'),
    seriesInstanceUid: uid(dataSet, 'x0020000e'),
    sopInstanceUid: uid(dataSet, 'x00080018'),
    patientId: text(dataSet, 'x00100020'),
    patientName: text(dataSet, 'x00100010'),
    studyDescription: text(dataSet, 'x00081030'),
    seriesDescription: text(dataSet, 'x0008103e'),
    protocolName: text(dataSet, 'x00181030'),
    bodyPart: text(dataSet, 'x00180015'),
    imageType: text(dataSet, 'x00080008')
      .split('\\')
      .map((value) => value.trim().toUpperCase())
      .filter((value) => value !== ''),
    kernel: text(dataSet, 'x00181210'),
    acquisitionNumber: numbers(dataSet, 'x00200012', 1)?.[0] ?? null,
    instanceNumber: numbers(dataSet, 'x00200013', 1)?.[0] ?? null,
    frames: numbers(dataSet, 'x00280008', 1)?.[0] ?? 1,
  }
}

function readGeometry(dataSet: DataSet) {
  const position = numbers(dataSet, 'x00200032', 3)
  const cosines = numbers(dataSet, 'x00200037', 6)
  const spacing = numbers(dataSet, 'x00280030', 2)
  const alongRow = cosines === null ? null : unit(cosines.slice(0, 3))
  const downColumn = cosines === null ? null : unit(cosines.slice(3, 6))
  return {
    position: position === null ? null : ([position[0], position[1], position[2]] as const),
    orientation: alongRow !== null && downColumn !== null ? ([alongRow, downColumn] as const) : null,
    pixelSpacingMm:
      spacing !== null && spacing[0] > 0 && spacing[1] > 0 ? ([spacing[0], spacing[1]] as const) : null,
    sliceThicknessMm: numbers(dataSet, 'x00180050', 1)?.[0] ?? null,
  }
}

function readFormat(dataSet: DataSet): PixelFormat {
  const bitsAllocated = dataSet.uint16('x00280100') ?? 0
  const bitsStored = dataSet.uint16('x00280101') ?? bitsAllocated
  const signed = dataSet.uint16('x00280103') === 1
  // VR is US or SS as PixelRepresentation says, but writers mix them up: the bits are what counts.
  const stored = (tag: string) => (signed ? dataSet.int16(tag) : dataSet.uint16(tag))
  const padding = stored('x00280120')
  const limit = stored('x00280121') ?? padding
  return {
    rows: dataSet.uint16('x00280010') ?? 0,
    columns: dataSet.uint16('x00280011') ?? 0,
    samplesPerPixel: dataSet.uint16('x00280002') ?? 1,
    bitsAllocated,
    bitsStored,
    highBit: dataSet.uint16('x00280102') ?? bitsStored - 1,
    signed,
    rescaleSlope: numbers(dataSet, 'x00281053', 1)?.[0] ?? null,
    rescaleIntercept: numbers(dataSet, 'x00281052', 1)?.[0] ?? null,
    padding:
      padding === undefined || limit === undefined
        ? null
        : [Math.min(padding, limit), Math.max(padding, limit)],
  }
}

/** Text of an element, '' when absent. */
function text(dataSet: DataSet, tag: string): string {
  const element = dataSet.elements[tag]
  if (element === undefined || element.length <= 0) return ''
  const bytes = dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length)
  return decodeText(bytes, dataSet.string('x00080005') ?? '')
}

/** A UID with nothing in it that could act as a path: some become names of files. */
const uid = (dataSet: DataSet, tag: string): string =>
  text(dataSet, tag)
    .replace(/[^0-9A-Za-z.-]/g, '_')
    .replace(/\.{2,}/g, '.')

/** The first `count` values of a decimal or integer string; null when one is missing or no number. */
function numbers(dataSet: DataSet, tag: string, count: number): readonly number[] | null {
  const values = (dataSet.string(tag) ?? '').split('\\').slice(0, count)
  const parsed = values.map((value) => (value.trim() === '' ? Number.NaN : Number(value.trim())))
  return parsed.length === count && parsed.every(Number.isFinite) ? parsed : null
}

/** A direction scaled to length 1; null when it is far from it, as in files with zeroed orientation. */
function unit([x, y, z]: readonly number[]): Vec3 | null {
  const length = Math.hypot(x, y, z)
  return Math.abs(length - 1) < 0.05 ? [x / length, y / length, z / length] : null
}
