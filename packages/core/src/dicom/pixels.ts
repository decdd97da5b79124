import { concatBytes } from '../bytes.ts'
import { NeckFracError } from '../errors.ts'
import type { Codecs, SourceFile } from '../ports.ts'
import type { Instance } from './instance.ts'
import { describeTransferSyntax, isUncompressed } from './transfer-syntaxes.ts'

/** Why the pixels of an instance cannot become HU; null when they can. */
export function whyUnreadable(instance: Instance, codecs: Codecs): string | null {
  const { format, frames, transferSyntaxUid } = instance
  if (frames !== 1) return `multi-frame image (${frames} frames) is not supported`
  if (format.samplesPerPixel !== 1) return `colour image (${format.samplesPerPixel} samples per pixel)`
  if (format.rows < 1 || format.columns < 1) return 'Rows or Columns missing'
  if (format.bitsAllocated !== 8 && format.bitsAllocated !== 16)
    return `BitsAllocated ${format.bitsAllocated} is not supported`
  if (
    format.bitsStored < 1 ||
    format.highBit >= format.bitsAllocated ||
    format.highBit + 1 < format.bitsStored
  )
    return `BitsStored ${format.bitsStored} and HighBit ${format.highBit} do not fit ${format.bitsAllocated} bits`
  if (!isUncompressed(transferSyntaxUid)) {
    if (Object.hasOwn(codecs, transferSyntaxUid)) return null
    return `transfer syntax ${describeTransferSyntax(transferSyntaxUid)} is not supported`
  }
  if (instance.pixels.length === null) return 'encapsulated pixel data in an uncompressed transfer syntax'
  if (instance.pixels.length < frameBytes(instance))
    return `truncated: ${format.columns} x ${format.rows} pixels need ${frameBytes(instance)} bytes, ${instance.pixels.length} are there`
  return null
}

const frameBytes = ({ format }: Instance): number =>
  format.rows * format.columns * (format.bitsAllocated >> 3)

/** Stored values of one image, as many as rows x columns; reads only the pixel bytes of the file. */
export async function readStoredValues(
  instance: Instance,
  file: SourceFile,
  codecs: Codecs,
): Promise<Uint8Array | Uint16Array> {
  const { format, pixels } = instance
  const needed = frameBytes(instance)
  const codec = isUncompressed(instance.transferSyntaxUid) ? null : codecs[instance.transferSyntaxUid]
  const end = codec === null ? pixels.offset + needed : file.size
  const raw = await file.read({ start: pixels.offset, end })
  const bytes =
    codec === null
      ? raw
      : await codec(joinFragments(raw), {
          rows: format.rows,
          columns: format.columns,
          bitsAllocated: format.bitsAllocated,
          samplesPerPixel: 1,
          signed: format.signed,
        })
  if (bytes.length < needed)
    throw new NeckFracError('input', `${instance.path}: ${bytes.length} of ${needed} pixel bytes are there`)
  if (format.bitsAllocated === 8) return bytes.subarray(0, needed)
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice()
  return new Uint16Array(aligned.buffer, aligned.byteOffset, needed / 2)
}

/**
 * The only frame of an encapsulated value: every fragment after the offset table, joined (PS3.5 A.4). A value that ends
 * early is refused: decoders fill what is missing with values that nobody measured. @throws NeckFracError input
 */
export function joinFragments(value: Uint8Array): Uint8Array {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const fragments: Uint8Array[] = []
  let isComplete = false
  for (let at = 0, item = 0; at + 4 <= value.length; item++) {
    const tag = view.getUint32(at, true)
    // Some writers leave out the length of the delimiter, which is always 0.
    isComplete = tag === SEQUENCE_DELIMITER
    if (tag !== ITEM || at + 8 > value.length) break
    const end = at + 8 + view.getUint32(at + 4, true)
    // The first item is the offset table.
    if (item > 0) fragments.push(value.subarray(at + 8, end))
    at = end
  }
  if (!isComplete) throw new NeckFracError('input', 'truncated: the compressed pixels have no end')
  return fragments.length === 1 ? fragments[0] : concatBytes(fragments)
}

/** Tags of an item and of the end of a sequence, read as one number in little endian. */
const ITEM = 0xe000fffe
const SEQUENCE_DELIMITER = 0xe0ddfffe
