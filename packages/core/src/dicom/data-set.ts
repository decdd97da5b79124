import dicomParser, { type DataSet } from 'dicom-parser'
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from './transfer-syntaxes.ts'

export const PIXEL_DATA = 'x7fe00010'

/** A data set read up to PixelData; or why there is none; or that more bytes are needed to say. */
export type Parsed =
  | {
      readonly kind: 'data-set'
      readonly dataSet: DataSet
      readonly transferSyntaxUid: string
      readonly shift: number
    }
  | { readonly kind: 'more' }
  /** The data set begins at this byte of the file and is deflated. */
  | { readonly kind: 'deflated'; readonly from: number }
  | { readonly kind: 'skip'; readonly reason: string }

/**
 * Reads a data set up to PixelData from the first bytes of a file. `complete` says that they are the whole file.
 * Offsets in the data set are `shift` bytes larger than in the file.
 */
export function parseDataSet(bytes: Uint8Array, complete: boolean): Parsed {
  const start = findStart(bytes)
  if (start === null) return { kind: 'skip', reason: 'not a DICOM file' }
  let deflatedFrom: number | null = null
  const inflater = (_: Uint8Array, position: number): never => {
    deflatedFrom = position - start.shift
    throw new RangeError('deflated')
  }
  try {
    const options = { untilTag: PIXEL_DATA, inflater, ...start.options }
    const dataSet = dicomParser.parseDicom(nameOffsetTables(start.bytes), options)
    const transferSyntaxUid = start.options.TransferSyntaxUID ?? dataSet.string('x00020010') ?? ''
    if (dataSet.elements[PIXEL_DATA] !== undefined || complete)
      return { kind: 'data-set', dataSet, transferSyntaxUid, shift: start.shift }
    return { kind: 'more' }
  } catch (error) {
    if (deflatedFrom !== null) return { kind: 'deflated', from: deflatedFrom }
    return complete ? { kind: 'skip', reason: `damaged DICOM file: ${describe(error)}` } : { kind: 'more' }
  }
}

type Start = {
  readonly bytes: Uint8Array
  readonly shift: number
  readonly options: { TransferSyntaxUID?: string }
}

/** Finds where the data set begins: after a preamble, or at once with group 0002 or 0008 in a file without one. */
export function findStart(bytes: Uint8Array): Start | null {
  const isPart10 = bytes.length >= 132 && String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM'
  if (isPart10) return { bytes, shift: 0, options: {} }
  if (bytes.length < 12 || bytes[1] !== 0 || bytes[3] !== 0) return null
  const hasVr = /^[A-Z]{2}$/.test(String.fromCharCode(bytes[4], bytes[5]))
  if (bytes[0] === 2 && hasVr) {
    const padded = new Uint8Array(bytes.length + 132)
    padded.set([0x44, 0x49, 0x43, 0x4d], 128)
    padded.set(bytes, 132)
    return { bytes: padded, shift: 132, options: {} }
  }
  if (bytes[0] !== 8) return null
  return {
    bytes,
    shift: 0,
    options: { TransferSyntaxUID: hasVr ? EXPLICIT_LITTLE_ENDIAN : IMPLICIT_LITTLE_ENDIAN },
  }
}

/**
 * The bytes with OB in place of OV as the VR of the extended offset table and its lengths, the only two of that VR in an
 * image: dicom-parser 1.8.21 does not know it. Both have a length of four bytes (PS3.5 7.1.2).
 */
function nameOffsetTables(bytes: Uint8Array): Uint8Array {
  let out = bytes
  for (let at = bytes.indexOf(0xe0); at !== -1 && at + 8 <= bytes.length; at = bytes.indexOf(0xe0, at + 1)) {
    const isTable =
      bytes[at + 1] === 0x7f && (bytes[at + 2] === 1 || bytes[at + 2] === 2) && bytes[at + 3] === 0
    if (!isTable || bytes[at + 4] !== 0x4f || bytes[at + 5] !== 0x56) continue
    if (out === bytes) out = bytes.slice()
    out[at + 5] = 0x42
  }
  return out
}

/** dicom-parser throws strings, errors and { exception } alike. */
function describe(error: unknown): string {
  const inner = typeof error === 'object' && error !== null && 'exception' in error ? error.exception : error
  const text = inner instanceof Error ? inner.message : String(inner)
  return text.replace(/^dicomParser[.: ]*/, '').slice(0, 120)
}
