import { open } from 'node:fs/promises'
import type { SourceFile } from '@neckfrac/core'

/** One file on disk. `path` is what the source calls it, `location` where it lies. */
export const localFile = (path: string, location: string, size: number): SourceFile => ({
  path,
  size,
  read: (range) => readRange(location, range ?? { start: 0, end: size }),
})

/** Bytes [start, end) of a file, fewer when it ends before. */
export async function readRange(
  location: string,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  const handle = await open(location, 'r')
  try {
    // Not zeroed: what is handed back was read.
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, end - start))
    let at = 0
    while (at < bytes.length) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return bytes.subarray(0, at)
  } finally {
    await handle.close()
  }
}
