import { constants, crc32, deflateRawSync } from 'node:zlib'

export type ZipEntry = {
  readonly name: string
  readonly packed: Uint8Array
  /** 0 stored, 8 deflated */
  readonly method: 0 | 8
  /** What the directory claims. */
  readonly size: number
  /** Of the unpacked bytes; 0 when absent. */
  readonly crc?: number
}

/** A zip archive as APPNOTE 4.3 lays it out, with whatever sizes and names the entries claim. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, packed, method, size, crc = 0 } of entries) {
    const path = Buffer.from(name)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(method, 4)
    fields.writeUInt32LE(crc, 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(size, 18)
    fields.writeUInt16LE(path.length, 22)
    parts.push(Buffer.from('PK\x03\x04'), fields, path, Buffer.from(packed))
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), fields, rest, path)
    offset += 30 + path.length + packed.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 0, 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, list, end])
}

export const deflated = (name: string, content: Uint8Array): ZipEntry => ({
  name,
  packed: deflateRawSync(content),
  method: 8,
  size: content.length,
  crc: crc32(content),
})

const BLOCK = 64 * 2 ** 20

/** Deflate data that unpacks to `start` and then that many zeros in whole blocks of 64 MB, 1000 times as small. */
export function deflateBomb(start: Uint8Array, zeros: number): Buffer {
  const flush = { finishFlush: constants.Z_FULL_FLUSH, level: 9 }
  // After a full flush nothing before is referred to, so that the same block can stand there any number of times.
  const block = deflateRawSync(Buffer.alloc(BLOCK), flush)
  const blocks = new Array<Buffer>(Math.ceil(zeros / BLOCK)).fill(block)
  return Buffer.concat([deflateRawSync(start, flush), ...blocks, Buffer.from([3, 0])])
}

/** The same as a gzip file that claims `size` bytes. */
export function gzipBomb(start: Uint8Array, zeros: number, size: number): Buffer {
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(size >>> 0, 4)
  return Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
    deflateBomb(start, zeros),
    trailer,
  ])
}
