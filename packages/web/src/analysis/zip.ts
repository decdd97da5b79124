import { NeckFracError, type Source, type SourceFile } from '@neckfrac/core'
import { BlobReader, type Entry, ZipReader } from '@zip.js/zip.js'
import { readBlob } from './dropped-source.ts'

const STORED = 0
const DEFLATED = 8
/** Fixed part of a local file header; the lengths of name and extra field follow at 26 and 28 (APPNOTE 4.3.7). */
const LOCAL_HEADER_BYTES = 30

/** By content: archives come under any name. */
export async function isZip(file: Blob): Promise<boolean> {
  const start = await readBlob(file.slice(0, 4))
  return start[0] === 0x50 && start[1] === 0x4b && (start[2] === 3 || start[2] === 5)
}

/**
 * The files of a zip archive, unpacked in memory as far as they are read: a header needs the first kilobytes only.
 * zip.js reads the directory, the browser's own DecompressionStream the entries.
 */
export function openZip(name: string, archive: Blob): Source {
  return {
    name,
    files: async () => {
      try {
        const entries = await new ZipReader(new BlobReader(archive)).getEntries()
        return entries
          .filter((entry) => !entry.directory)
          .map((entry) => zipFile(entry, archive))
          .sort((a, b) => (a.path < b.path ? -1 : 1))
      } catch (cause) {
        throw new NeckFracError('input', `${name}: damaged zip archive. Pack it again.`, { cause })
      }
    },
  }
}

const zipFile = (entry: Entry, archive: Blob): SourceFile => ({
  path: entry.filename.replaceAll('\\', '/'),
  size: entry.uncompressedSize,
  read: async (range) => {
    const { start, end } = range ?? { start: 0, end: entry.uncompressedSize }
    if (entry.encrypted) throw new NeckFracError('input', 'encrypted zip entry; unpack it first')
    const header = await readBlob(archive.slice(entry.offset, entry.offset + LOCAL_HEADER_BYTES))
    const data =
      entry.offset + LOCAL_HEADER_BYTES + header[26] + 256 * header[27] + header[28] + 256 * header[29]
    const wanted = Math.min(end, entry.uncompressedSize)
    if (entry.compressionMethod === STORED)
      return readBlob(archive.slice(data + start, Math.max(data + start, data + wanted)))
    if (entry.compressionMethod !== DEFLATED)
      throw new NeckFracError(
        'input',
        `zip method ${entry.compressionMethod} is not supported; pack it with deflate`,
      )
    const bytes = await inflateStart(archive.slice(data, data + entry.compressedSize), wanted)
    return bytes.subarray(Math.min(start, bytes.length))
  },
})

/** The first `wanted` bytes of a deflated entry. Stops there, so that a bomb never unpacks. */
async function inflateStart(packed: Blob, wanted: number): Promise<Uint8Array> {
  const out = new Uint8Array(wanted)
  let filled = 0
  const reader = packed.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  try {
    while (filled < wanted) {
      const { done, value } = await reader.read()
      if (done) break
      const part = value.subarray(0, wanted - filled)
      out.set(part, filled)
      filled += part.length
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
  return out.subarray(0, filled)
}
