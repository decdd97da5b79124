import { type FileHandle, open } from 'node:fs/promises'
import { createInflateRaw } from 'node:zlib'
import { type Archive, NeckFracError, type Source, zipFiles } from '@neckfrac/core'
import { Reader, ZipReader } from '@zip.js/zip.js'
import { LARGEST_READ } from './local-file.ts'

/**
 * The files of a zip archive, unpacked in memory: nothing is written to disk. zip.js reads the directory, zlib the entries.
 */
export async function openZip(name: string, location: string): Promise<Source> {
  const handle = await open(location, 'r')
  const archive: Archive = {
    size: (await handle.stat()).size,
    read: (offset, length) => readAt(handle, offset, length),
    inflate: (offset, packed, wanted) => inflateStart(handle, offset, packed, wanted),
  }
  return {
    name,
    files: async () => {
      try {
        return zipFiles(await new ZipReader(new HandleReader(handle)).getEntries(), archive)
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause)
        throw new NeckFracError('input', `${name}: damaged zip archive (${why}). Pack it again.`, { cause })
      }
    },
    dispose: () => handle.close(),
  }
}

/** Random access to the archive for zip.js. */
class HandleReader extends Reader<FileHandle> {
  readonly #handle: FileHandle
  constructor(handle: FileHandle) {
    super(handle)
    this.#handle = handle
  }
  override async init(): Promise<void> {
    this.size = (await this.#handle.stat()).size
  }
  override readUint8Array(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return readAt(this.#handle, offset, length)
  }
}

/** The first `wanted` bytes of a deflated entry. Stops there, so that a bomb never unpacks. */
async function inflateStart(handle: FileHandle, from: number, packed: number, wanted: number) {
  const out = new Uint8Array(wanted)
  let filled = 0
  // Deflate grows data by a few bytes in 64 KB at the worst: so much packed input holds what is wanted.
  const input = await readAt(handle, from, Math.min(packed, wanted + (wanted >> 10) + 1024))
  const inflate = createInflateRaw({ chunkSize: Math.min(Math.max(wanted, 1024), 1 << 20) })
  await new Promise<void>((resolve, reject) => {
    const finish = () => {
      inflate.removeAllListeners('data')
      inflate.destroy()
      resolve()
    }
    inflate.on('data', (chunk: Uint8Array) => {
      const part = chunk.subarray(0, wanted - filled)
      out.set(part, filled)
      filled += part.length
      if (filled >= wanted) finish()
    })
    inflate.on('end', finish)
    inflate.on('error', (error) => (filled >= wanted ? finish() : reject(error)))
    inflate.write(input, () => {
      if (input.length >= packed) inflate.end()
    })
  })
  return out.subarray(0, filled)
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  let at = 0
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(length - at, LARGEST_READ), offset + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return bytes.subarray(0, at)
}
