import { NeckFracError } from './errors.ts'
import type { SourceFile } from './ports.ts'

/** An entry of an archive's directory, as zip.js hands it out. */
export type ZipEntry = {
  readonly filename: string
  readonly directory: boolean
  readonly encrypted: boolean
  readonly compressionMethod: number
  /** Of the entry's local header, bytes from the start of the archive. */
  readonly offset: number
  readonly compressedSize: number
  readonly uncompressedSize: number
}

/** The bytes of an archive, wherever they lie. */
export type Archive = {
  readonly size: number
  /** `length` bytes from `offset`, fewer where the archive ends before. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** The first `wanted` bytes of the `packed` deflated ones at `offset`. Stops there, so that a bomb never unpacks. */
  inflate(offset: number, packed: number, wanted: number): Promise<Uint8Array>
}

const STORED = 0
const DEFLATED = 8
/** Fixed part of a local file header; the lengths of name and extra field follow at 26 and 28 (APPNOTE 4.3.7). */
const LOCAL_HEADER_BYTES = 30
/** Deflate packs 258 bytes into 2 bits at the best. */
const LARGEST_RATIO = 1032

/** By content, its first four bytes: archives come under any name. */
export const isZip = (start: Uint8Array): boolean =>
  start[0] === 0x50 && start[1] === 0x4b && (start[2] === 3 || start[2] === 5)

/**
 * Entries from this size are unpacked once for all that is read of them beyond their start, as the frames of a large
 * image are one by one; a slice of 512 x 512 is read at once. Up to the other size, so that the claim of an entry fills
 * no memory.
 */
const KEPT_FROM = 4 * 2 ** 20
const KEPT_TO = 2 ** 30

/** The files of an archive by path, unpacked as far as they are read: a header needs the first kilobytes only. */
export function zipFiles(entries: readonly ZipEntry[], archive: Archive): SourceFile[] {
  const inflate = keepLast(archive)
  return entries
    .filter((entry) => !entry.directory)
    .map((entry) => zipFile(entry, { ...archive, inflate }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

type Inflate = (offset: number, packed: number, wanted: number, whole?: number) => Promise<Uint8Array>

/** Unpacks `whole` bytes instead of the wanted ones where that is given, and keeps those of the last entry. */
function keepLast(archive: Archive): Inflate {
  let kept: { readonly offset: number; readonly bytes: Promise<Uint8Array> } | null = null
  return async (offset, packed, wanted, whole) => {
    if (kept?.offset !== offset) {
      if (whole === undefined) return archive.inflate(offset, packed, wanted)
      kept = { offset, bytes: archive.inflate(offset, packed, whole) }
    }
    return (await kept.bytes).subarray(0, wanted)
  }
}

/** The archive's size bounds what an entry may claim: sizes in a directory can be any. */
const zipFile = (entry: ZipEntry, archive: Archive & { readonly inflate: Inflate }): SourceFile => ({
  path: entry.filename.replaceAll('\\', '/'),
  size: entry.uncompressedSize,
  read: async (range) => {
    const { start, end } = range ?? { start: 0, end: entry.uncompressedSize }
    if (entry.encrypted) throw new NeckFracError('input', 'encrypted zip entry; unpack it first')
    const header = await archive.read(entry.offset, LOCAL_HEADER_BYTES)
    const data =
      entry.offset + LOCAL_HEADER_BYTES + header[26] + 256 * header[27] + header[28] + 256 * header[29]
    if (entry.compressionMethod === STORED) {
      const there = Math.min(end, entry.uncompressedSize, archive.size - data)
      return archive.read(data + start, Math.max(0, there - start))
    }
    if (entry.compressionMethod !== DEFLATED)
      throw new NeckFracError(
        'input',
        `zip method ${entry.compressionMethod} is not supported; pack it with deflate`,
      )
    const packed = Math.max(0, Math.min(entry.compressedSize, archive.size - data))
    const whole = Math.min(entry.uncompressedSize, LARGEST_RATIO * packed)
    const isKept = start > 0 && whole >= KEPT_FROM && whole <= KEPT_TO
    const wanted = Math.min(end, whole)
    const bytes = await archive.inflate(data, packed, wanted, isKept ? whole : undefined)
    return bytes.subarray(Math.min(start, bytes.length))
  },
})
