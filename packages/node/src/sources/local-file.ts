import { closeSync, open, type PathLike, read } from 'node:fs'
import { promisify } from 'node:util'
import type { SourceFile } from '@neckfrac/core'

/** One file on disk. `path` is what the source calls it, `location` where it lies. */
export const localFile = (path: string, location: PathLike, size: number): SourceFile => ({
  path,
  size,
  read: (range, into) => readRange(location, range ?? { start: 0, end: size }, into),
})

/** Node ends the process when it is asked for 2^31 bytes at a time. */
export const LARGEST_READ = 2 ** 30

const openFile = promisify(open)
const readFile = promisify(read)

/**
 * Bytes [start, end) of a file, fewer when it ends before. Plain descriptors: a FileHandle for each of 600 reads costs a
 * tenth of a second a study.
 */
export async function readRange(
  location: PathLike,
  { start, end }: { readonly start: number; readonly end: number },
  into?: Uint8Array,
): Promise<Uint8Array> {
  const file = await openFile(location, 'r')
  try {
    // Not zeroed: what is handed back was read.
    const length = Math.max(0, end - start)
    const bytes = into && into.length >= length ? into.subarray(0, length) : Buffer.allocUnsafeSlow(length)
    let at = 0
    while (at < bytes.length) {
      const { bytesRead } = await readFile(
        file,
        bytes,
        at,
        Math.min(bytes.length - at, LARGEST_READ),
        start + at,
      )
      if (bytesRead === 0) break
      at += bytesRead
    }
    return bytes.subarray(0, at)
  } finally {
    closeSync(file)
  }
}
