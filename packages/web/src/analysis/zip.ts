import { type Archive, NeckFracError, type Source, zipFiles } from '@neckfrac/core'
import { BlobReader, ZipReader } from '@zip.js/zip.js'
import { readBlob } from './dropped-source.ts'

/**
 * The files of a zip archive, unpacked in memory. zip.js reads the directory, the browser's own DecompressionStream the entries.
 */
export function openZip(name: string, file: Blob): Source {
  const archive: Archive = {
    size: file.size,
    read: (offset, length) => readBlob(file.slice(offset, offset + length)),
    inflate: (offset, packed, wanted) => inflateStart(file.slice(offset, offset + packed), wanted),
  }
  return {
    name,
    files: async () => {
      try {
        return zipFiles(await new ZipReader(new BlobReader(file)).getEntries(), archive)
      } catch (cause) {
        throw new NeckFracError('input', `${name}: damaged zip archive. Pack it again.`, { cause })
      }
    },
  }
}

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
