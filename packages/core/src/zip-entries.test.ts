import { deflateSync, inflateSync } from 'fflate'
import { expect, it } from 'vitest'
import { type Archive, type ZipEntry, zipFiles } from './zip-entries.ts'

/** An archive of deflated entries, with local headers that hold nothing but zeros; it counts what is unpacked. */
function packEntries(contents: readonly Uint8Array[]) {
  const unpacked: number[] = []
  const packed = contents.map((content) => deflateSync(content))
  const entries: ZipEntry[] = []
  const parts: number[] = []
  for (const [n, bytes] of packed.entries()) {
    entries.push({
      filename: `${n}.dcm`,
      directory: false,
      encrypted: false,
      compressionMethod: 8,
      offset: parts.length,
      compressedSize: bytes.length,
      uncompressedSize: contents[n].length,
    })
    parts.push(...new Uint8Array(30), ...bytes)
  }
  const all = Uint8Array.from(parts)
  const archive: Archive = {
    size: all.length,
    read: async (offset, length) => all.slice(offset, offset + length),
    inflate: async (offset, length, wanted) => {
      unpacked.push(wanted)
      return inflateSync(all.subarray(offset, offset + length)).subarray(0, wanted)
    },
  }
  return { files: zipFiles(entries, archive), unpacked }
}

const LARGE = Uint8Array.from({ length: 5 * 2 ** 20 }, (_, n) => n >> 12)

it('unpacks a large entry once, however many frames are read of it', async () => {
  const { files, unpacked } = packEntries([LARGE, LARGE])
  const [a, b] = files
  expect(await a.read({ start: 0, end: 10 })).toEqual(LARGE.subarray(0, 10))
  const read = async (start: number) => (await a.read({ start, end: start + 4 }))[0]
  expect(await Promise.all([4096, 8192, 12288].map(read))).toEqual([1, 2, 3])
  expect(unpacked).toEqual([10, LARGE.length])
  expect((await b.read({ start: 4096, end: 4100 }))[0]).toBe(1)
  expect(unpacked).toEqual([10, LARGE.length, LARGE.length])
})

it('unpacks of a small entry what is read', async () => {
  const { files, unpacked } = packEntries([LARGE.subarray(0, 10_000)])
  expect(await files[0].read({ start: 4094, end: 4098 })).toEqual(LARGE.subarray(4094, 4098))
  expect(unpacked).toEqual([4098])
})
