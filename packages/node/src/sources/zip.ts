import { type FileHandle, open } from 'node:fs/promises'
import { createInflateRaw } from 'node:zlib'
import { NeckFracError, type Source, type SourceFile } from '@neckfrac/core'
import { type Entry, Reader, ZipReader } from '@zip.js/zip.js'
import { LARGEST_READ } from './local-file.ts'

const STORED = 0
const DEFLATED = 8
/** Fixed part of a local file header; the lengths of name and extra field follow at 26 and 28 (APPNOTE 4.3.7). */
const LOCAL_HEADER_BYTES = 30
/** Deflate packs 258 bytes into 2 bits at the best. */
const LARGEST_RATIO = 1032

/**
 * The files of a zip archive, unpacked in memory as far as they are read: a header needs the first kilobytes only.
 * Nothing is written to disk. zip.js reads the directory, zlib the entries.
 */
export async function openZip(name: string, location: string): Promise<Source> {
  const handle = await open(location, 'r')
  const { size } = await handle.stat()
  return {
    name,
    files: async () => {
      try {
        const entries = await new ZipReader(new HandleReader(handle)).getEntries()
        return entries
          .filter((entry) => !entry.directory)
          .map((entry) => zipFile(entry, handle, size))
          .sort((a, b) => (a.path < b.path ? -1 : 1))
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

/** `archiveSize` bounds what an entry may claim: sizes in a directory can be any. */
const zipFile = (entry: Entry, handle: FileHandle, archiveSize: number): SourceFile => ({
  path: entry.filename.replaceAll('\\', '/'),
  size: entry.uncompressedSize,
  read: async (range) => {
    const { start, end } = range ?? { start: 0, end: entry.uncompressedSize }
    if (entry.encrypted) throw new NeckFracError('input', 'encrypted zip entry; unpack it first')
    const header = await readAt(handle, entry.offset, LOCAL_HEADER_BYTES)
    const data =
      entry.offset + LOCAL_HEADER_BYTES + header[26] + 256 * header[27] + header[28] + 256 * header[29]
    if (entry.compressionMethod === STORED)
      return readAt(
        handle,
        data + start,
        Math.max(0, Math.min(end, entry.uncompressedSize, archiveSize - data) - start),
      )
    if (entry.compressionMethod !== DEFLATED)
      throw new NeckFracError(
        'input',
        `zip method ${entry.compressionMethod} is not supported; pack it with deflate`,
      )
    const packed = Math.max(0, Math.min(entry.compressedSize, archiveSize - data))
    const wanted = Math.min(end, entry.uncompressedSize, LARGEST_RATIO * packed)
    const bytes = await inflateStart(handle, data, packed, wanted)
    return bytes.subarray(Math.min(start, bytes.length))
  },
})

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
