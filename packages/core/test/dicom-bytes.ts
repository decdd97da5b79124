import { deflateSync } from 'fflate'

/** Tiny DICOM files for tests, written by hand so that they share no code with the reader under test. */

export type SliceOptions = {
  readonly position?: readonly number[] | null
  readonly orientation?: readonly number[]
  readonly pixelSpacing?: readonly number[]
  readonly rows?: number
  readonly columns?: number
  /** Stored value by row and column. */
  readonly value?: (y: number, x: number) => number
  readonly signed?: boolean
  readonly bitsAllocated?: 8 | 16
  readonly bitsStored?: number
  readonly slope?: number
  readonly intercept?: number
  readonly padding?: number
  readonly study?: string
  readonly series?: string
  readonly sop?: string
  readonly sopClass?: string
  readonly modality?: string
  readonly imageType?: string
  readonly kernel?: string
  readonly description?: string
  readonly bodyPart?: string
  readonly patientId?: string
  readonly characterSet?: string
  readonly thickness?: number
  readonly acquisition?: number
  readonly implicit?: boolean
  readonly preamble?: boolean
  readonly meta?: boolean
  readonly transferSyntax?: string
  /** Encapsulated fragments in place of pixels. */
  readonly fragments?: readonly Uint8Array[]
  /** Bytes of a private element before the pixels. */
  readonly privateBytes?: number
}

type Element = readonly [tag: number, vr: string, value: string | number | Uint8Array]

/** One CT image of 4 x 4 pixels unless told otherwise. Text is taken as bytes, one a character. */
export function writeSlice(options: SliceOptions = {}): Uint8Array {
  const { rows = 4, columns = 4, bitsAllocated = 16, implicit = false, signed = true } = options
  const syntax = options.transferSyntax ?? (implicit ? '1.2.840.10008.1.2' : '1.2.840.10008.1.2.1')
  const bitsStored = options.bitsStored ?? bitsAllocated
  const join = (values: readonly number[] | null | undefined, fallback: readonly number[]) =>
    values === null ? '' : (values ?? fallback).join('\\')
  const elements: Element[] = [
    [0x00080005, 'CS', options.characterSet ?? 'ISO_IR 100'],
    [0x00080008, 'CS', options.imageType ?? 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00080016, 'UI', options.sopClass ?? '1.2.840.10008.5.1.4.1.1.2'],
    [0x00080018, 'UI', options.sop ?? `1.2.3.${join(options.position, [0]).replace(/[^\d]+/g, '')}`],
    [0x00080060, 'CS', options.modality ?? 'CT'],
    [0x0008103e, 'LO', options.description ?? ''],
    [0x00100020, 'LO', options.patientId ?? 'P1'],
    [0x00180015, 'CS', options.bodyPart ?? ''],
    [0x00180050, 'DS', String(options.thickness ?? 5)],
    [0x00181210, 'SH', options.kernel ?? ''],
    [0x0020000d, 'UI', options.study ?? '1.2.1'],
    [0x0020000e, 'UI', options.series ?? '1.2.2'],
    [0x00200012, 'IS', String(options.acquisition ?? 1)],
    [0x00200032, 'DS', join(options.position, [0, 0, 0])],
    [0x00200037, 'DS', join(options.orientation, [1, 0, 0, 0, 1, 0])],
    [0x00280002, 'US', 1],
    [0x00280010, 'US', rows],
    [0x00280011, 'US', columns],
    [0x00280030, 'DS', join(options.pixelSpacing, [1, 1])],
    [0x00280100, 'US', bitsAllocated],
    [0x00280101, 'US', bitsStored],
    [0x00280102, 'US', bitsStored - 1],
    [0x00280103, 'US', signed ? 1 : 0],
    ...(options.padding === undefined ? [] : [[0x00280120, signed ? 'SS' : 'US', options.padding] as const]),
    [0x00281052, 'DS', String(options.intercept ?? 0)],
    [0x00281053, 'DS', String(options.slope ?? 1)],
    ...(options.privateBytes === undefined
      ? []
      : [[0x00291010, 'OB', new Uint8Array(options.privateBytes)] as const]),
  ]
  const parts = elements.map((element) => writeElement(element, implicit))
  parts.push(writePixels(options, rows, columns, bitsAllocated, implicit))
  const meta = writeElement([0x00020010, 'UI', syntax], false)
  const head = options.preamble === false ? [] : [new Uint8Array(128), ascii('DICM')]
  return concat([...head, ...(options.meta === false ? [] : [meta]), ...parts])
}

/** The same, its data set deflated after the file meta information. */
export function writeDeflatedSlice(options: SliceOptions = {}): Uint8Array {
  const plain = writeSlice({ ...options, preamble: false, meta: false })
  const head = writeSlice({ transferSyntax: '1.2.840.10008.1.2.1.99' }).subarray(0, 162)
  return concat([head, deflateSync(plain)])
}

function writePixels(
  options: SliceOptions,
  rows: number,
  columns: number,
  bitsAllocated: number,
  implicit: boolean,
): Uint8Array {
  if (options.fragments !== undefined) {
    const item = (value: Uint8Array) => concat([tagBytes(0xfffee000), uint32(value.length), value])
    return concat([
      tagBytes(0x7fe00010),
      ascii('OB'),
      new Uint8Array(2),
      uint32(0xffffffff),
      item(new Uint8Array(0)),
      ...options.fragments.map(item),
      tagBytes(0xfffee0dd),
      uint32(0),
    ])
  }
  const pixels = new Uint8Array((rows * columns * bitsAllocated) / 8)
  const view = new DataView(pixels.buffer)
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const value = options.value?.(y, x) ?? 0
      const at = y * columns + x
      if (bitsAllocated === 8) view.setUint8(at, value)
      else view.setUint16(2 * at, value & 0xffff, true)
    }
  return writeElement([0x7fe00010, 'OW', pixels], implicit)
}

function writeElement([tag, vr, value]: Element, implicit: boolean): Uint8Array {
  const bytes =
    typeof value === 'string'
      ? ascii(value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' '))
      : typeof value === 'number'
        ? new Uint8Array([value & 255, (value >> 8) & 255])
        : value
  if (implicit) return concat([tagBytes(tag), uint32(bytes.length), bytes])
  const isLong = vr === 'OB' || vr === 'OW'
  const length = isLong
    ? concat([new Uint8Array(2), uint32(bytes.length)])
    : new Uint8Array([bytes.length & 255, bytes.length >> 8])
  return concat([tagBytes(tag), ascii(vr), length, bytes])
}

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const tagBytes = (tag: number): Uint8Array =>
  new Uint8Array([(tag >>> 16) & 255, tag >>> 24, tag & 255, (tag >>> 8) & 255])
const uint32 = (n: number): Uint8Array =>
  new Uint8Array([n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24])

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
