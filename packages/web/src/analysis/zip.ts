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

/** Chromium inflates each piece that it is given to its end, however far that is: 16 kB become 17 MB at the most. */
const PIECE_BYTES = 2 ** 14

const inPieces = () =>
  new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform: (chunk, controller) => {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES)
        controller.enqueue(chunk.subarray(at, at + PIECE_BYTES))
    },
  })

/** The first `wanted` bytes of a deflated entry. Stops there, so that a bomb never unpacks. */
async function inflateStart(packed: Blob, wanted: number): Promise<Uint8Array> {
  const out = new Uint8Array(wanted)
  let filled = 0
  const inflated = packed.stream().pipeThrough(inPieces()).pipeThrough(new DecompressionStream('deflate-raw'))
  const reader = inflated.getReader()
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
