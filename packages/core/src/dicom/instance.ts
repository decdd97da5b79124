import type { DataSet } from 'dicom-parser'
import type { Skipped } from '../series/study.ts'
import type { Vec3 } from '../volume/geometry.ts'
import { PIXEL_DATA, parseDataSet } from './data-set.ts'
import { type Owner, ownersOfFrames } from './functional-groups.ts'
import { decodeText } from './text.ts'
import { EXPLICIT_BIG_ENDIAN, isLossy } from './transfer-syntaxes.ts'

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

/** Where PixelData lies in the file, and how its bytes are packed. */
export type PixelLocation = {
  /** First byte of the value, or of the first item when encapsulated. */
  readonly offset: number
  /** Bytes in the value; null when encapsulated. */
  readonly length: number | null
  /** The two bytes of each 16-bit word come in reverse, as big endian has them. */
  readonly reversed: boolean
  /** Byte of the file at which a deflated data set begins; offsets count from its first byte, inflated. */
  readonly deflatedFrom: number | null
}

/** One image of a source, a file or a frame of one: the attributes that reading needs. Positions in LPS, mm. */
export type Instance = {
  readonly path: string
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly sopClassUid: string
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
  /** Of a frame, its place in the file, from 1. */
  readonly instanceNumber: number | null
  /** Frames in the file, and which of them this is, from 0. */
  readonly frames: number
  readonly frame: number
  /** Nominal; never used as the distance between slices. */
  readonly sliceThicknessMm: number | null
  readonly transferSyntaxUid: string
  /** Detail may have been lost in compression, in this file or before it was written. */
  readonly lossy: boolean
  readonly position: Vec3 | null
  /** Directions of increasing column (along a row) and of increasing row (down a column), unit length. */
  readonly orientation: readonly [alongRow: Vec3, downColumn: Vec3] | null
  /** Distance between rows, then between columns, as in PixelSpacing. */
  readonly pixelSpacingMm: readonly [betweenRows: number, betweenColumns: number] | null
  readonly format: PixelFormat
  readonly pixels: PixelLocation
}

/** What to call an image in messages: its file, and the frame where there are several. */
export const nameOf = ({ path, frames, frame }: Instance): string =>
  frames > 1 ? `${path}, frame ${frame + 1}` : path

export type ParsedInstance =
  /** The file's image, and all of them where each frame says where it lies; the first is that image. */
  | { readonly kind: 'instance'; readonly instance: Instance; readonly instances: readonly Instance[] }
  | { readonly kind: 'more' }
  /** From this byte on the file must be inflated before anything can be read. */
  | { readonly kind: 'deflated'; readonly from: number }
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
  if (parsed.kind === 'more' || parsed.kind === 'deflated') return parsed
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
    const frames = numbers(dataSet, 'x00280008', 1)?.[0] ?? 1
    const owners = ownersOfFrames(dataSet)
    if (owners !== null && owners.length !== frames)
      return skip(`damaged DICOM file: ${frames} frames, ${owners.length} of them described`)
    const whole = {
      path,
      ...readDescription(dataSet),
      modality,
      transferSyntaxUid,
      lossy: isLossy(transferSyntaxUid) || text(dataSet, 'x00282110').trim() === '01',
      frames,
      pixels: {
        offset,
        length: encapsulated ? null : pixelData.length,
        reversed: transferSyntaxUid === EXPLICIT_BIG_ENDIAN && pixelData.vr !== 'OB',
        deflatedFrom: null,
      },
    }
    const format = readFormat(dataSet)
    const instances =
      owners === null
        ? [{ ...whole, frame: 0, ...readFrame(() => dataSet), format: readRescale(() => dataSet, format) }]
        : owners.map((owner, frame) => ({
            ...whole,
            frame,
            ...readFrame(owner),
            ...(frames > 1 && { instanceNumber: frame + 1 }),
            format: readRescale(owner, format),
          }))
    return { kind: 'instance', instance: instances[0], instances }
  } catch (error) {
    return skip(`damaged DICOM file: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function readDescription(dataSet: DataSet) {
  return {
    studyInstanceUid: uid(dataSet, 'x0020000d'),
    seriesInstanceUid: uid(dataSet, 'x0020000e'),
    sopClassUid: uid(dataSet, 'x00080016'),
    sopInstanceUid: uid(dataSet, 'x00080018'),
    patientId: text(dataSet, 'x00100020'),
    patientName: text(dataSet, 'x00100010'),
    studyDescription: text(dataSet, 'x00081030'),
    seriesDescription: text(dataSet, 'x0008103e'),
    protocolName: text(dataSet, 'x00181030'),
    bodyPart: text(dataSet, 'x00180015'),
  }
}

/** What may differ between the frames of one file. */
function readFrame(owner: Owner) {
  const say = (tag: string, count: number) => numbers(owner(tag), tag, count)
  const position = say('x00200032', 3)
  const cosines = say('x00200037', 6)
  const spacing = say('x00280030', 2)
  const alongRow = cosines === null ? null : unit(cosines.slice(0, 3))
  const downColumn = cosines === null ? null : unit(cosines.slice(3, 6))
  const frameType = text(owner('x00089007'), 'x00089007') || text(owner('x00080008'), 'x00080008')
  return {
    imageType: frameType
      .split('\\')
      .map((value) => value.trim().toUpperCase())
      .filter((value) => value !== ''),
    kernel: text(owner('x00181210'), 'x00181210'),
    acquisitionNumber: (say('x00209156', 1) ?? say('x00200012', 1))?.[0] ?? null,
    instanceNumber: say('x00200013', 1)?.[0] ?? null,
    position: position === null ? null : ([position[0], position[1], position[2]] as const),
    orientation: alongRow !== null && downColumn !== null ? ([alongRow, downColumn] as const) : null,
    pixelSpacingMm:
      spacing !== null && spacing[0] > 0 && spacing[1] > 0 ? ([spacing[0], spacing[1]] as const) : null,
    sliceThicknessMm: say('x00180050', 1)?.[0] ?? null,
  }
}

const readRescale = (owner: Owner, format: PixelFormat): PixelFormat => ({
  ...format,
  rescaleSlope: numbers(owner('x00281053'), 'x00281053', 1)?.[0] ?? null,
  rescaleIntercept: numbers(owner('x00281052'), 'x00281052', 1)?.[0] ?? null,
})

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
    rescaleSlope: null,
    rescaleIntercept: null,
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
