import { NeckFracError } from '../errors.ts'
import type { Codecs, SourceFile } from '../ports.ts'
import { inflateFrom } from './deflated.ts'
import { type FrameParts, joinFragments, locateFrames, readParts } from './fragments.ts'
import type { Instance } from './instance.ts'
import { describeTransferSyntax, isUncompressed } from './transfer-syntaxes.ts'

/** Largest frame that is attempted, pixels; a decoder holds several copies. CT has at most 2048 x 2048. */
const MOST_PIXELS = 2 ** 26

/** Why the pixels of an instance cannot become HU; null when they can. */
export function whyUnreadable(instance: Instance, codecs: Codecs): string | null {
  const { format, frames, transferSyntaxUid } = instance
  if (!(frames >= 1)) return `NumberOfFrames ${frames}`
  if (format.samplesPerPixel !== 1) return `colour image (${format.samplesPerPixel} samples per pixel)`
  if (format.rows < 1 || format.columns < 1) return 'Rows or Columns missing'
  if (format.rows * format.columns > MOST_PIXELS)
    return `${format.columns} x ${format.rows} pixels are more than can be read`
  if (format.bitsAllocated !== 8 && format.bitsAllocated !== 16)
    return `BitsAllocated ${format.bitsAllocated} is not supported`
  if (
    format.bitsStored < 1 ||
    format.highBit >= format.bitsAllocated ||
    format.highBit + 1 < format.bitsStored
  )
    return `BitsStored ${format.bitsStored} and HighBit ${format.highBit} do not fit ${format.bitsAllocated} bits`
  if (!isUncompressed(transferSyntaxUid)) {
    if (!Object.hasOwn(codecs, transferSyntaxUid))
      return `transfer syntax ${describeTransferSyntax(transferSyntaxUid)} is not supported`
    return instance.pixels.length === null
      ? null
      : 'pixels that are not encapsulated in a compressed transfer syntax'
  }
  if (instance.pixels.length === null) return 'encapsulated pixel data in an uncompressed transfer syntax'
  const needed = frames * frameBytes(instance)
  if (instance.pixels.length < needed) {
    const of = frames === 1 ? '' : `${frames} frames of `
    return `truncated: ${of}${format.columns} x ${format.rows} pixels need ${needed} bytes, ${instance.pixels.length} are there`
  }
  return null
}

const frameBytes = ({ format }: Instance): number =>
  format.rows * format.columns * (format.bitsAllocated >> 3)

/** Reads the stored values of images, as many as rows x columns, perhaps into memory that is offered. @throws NeckFracError input */
export type PixelReader = (
  instance: Instance,
  file: SourceFile,
  into?: Uint8Array,
) => Promise<Uint8Array | Uint16Array>

/**
 * A reader that takes from a file only the bytes of the frame asked for. Of a file with several frames it remembers
 * where they lie, and of a deflated one the whole data set, for as long as the reader is in use.
 */
export function createPixelReader(codecs: Codecs): PixelReader {
  const frames = new WeakMap<SourceFile, Promise<readonly FrameParts[]>>()
  const inflated = new WeakMap<SourceFile, Promise<SourceFile>>()

  const readCompressed = async (instance: Instance, file: SourceFile): Promise<Uint8Array> => {
    const { offset } = instance.pixels
    if (instance.frames === 1) return joinFragments(await file.read({ start: offset, end: file.size }))
    const located = frames.get(file) ?? locateFrames(file, offset, instance.frames)
    frames.set(file, located)
    return readParts(file, (await located)[instance.frame])
  }
  const readPlain = async (
    instance: Instance,
    given: SourceFile,
    into: Uint8Array | undefined,
  ): Promise<Uint8Array> => {
    const { offset, deflatedFrom, reversed } = instance.pixels
    let file = given
    if (deflatedFrom !== null) {
      const opened = inflated.get(given) ?? inflateFrom(given, deflatedFrom)
      if (instance.frames > 1) inflated.set(given, opened)
      file = await opened
    }
    const from = instance.frame * frameBytes(instance)
    const to = from + frameBytes(instance)
    if (!reversed) return file.read({ start: offset + from, end: offset + to }, into)
    const words = await file.read({ start: offset + from - (from % 2), end: offset + to + (to % 2) })
    return reverseWords(words).subarray(from % 2)
  }
  return async (instance, file, into) => {
    const { format, transferSyntaxUid } = instance
    const bytes = isUncompressed(transferSyntaxUid)
      ? await readPlain(instance, file, into)
      : await codecs[transferSyntaxUid](await readCompressed(instance, file), format)
    const needed = frameBytes(instance)
    if (bytes.length < needed)
      throw new NeckFracError('input', `${instance.path}: ${bytes.length} of ${needed} pixel bytes are there`)
    if (format.bitsAllocated === 8) return bytes.subarray(0, needed)
    const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice()
    return new Uint16Array(aligned.buffer, aligned.byteOffset, needed / 2)
  }
}

/** Stored values of one image, as many as rows x columns. @throws NeckFracError input */
export const readStoredValues = (
  instance: Instance,
  file: SourceFile,
  codecs: Codecs,
): Promise<Uint8Array | Uint16Array> => createPixelReader(codecs)(instance, file)

function reverseWords(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length)
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    out[i] = bytes[i + 1]
    out[i + 1] = bytes[i]
  }
  return out
}
