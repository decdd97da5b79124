/** DICOM and NIfTI files for attacks, made from nothing. */

export type Part = readonly [tag: number, vr: string, value: string | number | Uint8Array, claimed?: number]

const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT'])

/** An element in explicit little endian; `claimed` is the length it says it has. */
export function element([tag, vr, value, claimed]: Part): Buffer {
  const bytes =
    typeof value === 'number'
      ? Buffer.from([value & 255, (value >> 8) & 255])
      : Buffer.from(typeof value === 'string' ? (value.length % 2 ? `${value} ` : value) : value)
  const isLong = LONG.has(vr)
  const head = Buffer.alloc(isLong ? 12 : 8)
  head.writeUInt16LE(tag >>> 16, 0)
  head.writeUInt16LE(tag & 0xffff, 2)
  head.write(vr, 4, 'latin1')
  if (isLong) head.writeUInt32LE(claimed ?? bytes.length, 8)
  else head.writeUInt16LE(claimed ?? bytes.length, 6)
  return Buffer.concat([head, bytes])
}

/** A Part 10 file in a transfer syntax, explicit little endian unless told otherwise. */
export function part10(
  body: Uint8Array,
  syntax = '1.2.840.10008.1.2.1',
  preamble: Uint8Array = new Uint8Array(128),
): Buffer {
  const meta = element([0x00020010, 'UI', syntax.length % 2 ? `${syntax}\0` : syntax])
  return Buffer.concat([preamble, Buffer.from('DICM'), meta, body])
}

export type SliceOptions = {
  readonly z: number
  readonly study?: string
  readonly rows?: number
  readonly columns?: number
  readonly frames?: string
  readonly syntax?: string
  readonly pixels?: Buffer
  readonly preamble?: Buffer
  /** Elements before all others. */
  readonly before?: Buffer
}

const NOTHING = Buffer.alloc(0)

/** One slice of an axial CT. */
export function slice({ z, study = '1.2.3', rows = 16, columns = 16, ...options }: SliceOptions): Buffer {
  const pixels = options.pixels ?? element([0x7fe00010, 'OW', new Uint8Array(2 * 16 * 16)])
  const parts: Part[] = [
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2\0'],
    [0x00080018, 'UI', `${study}.4.${z + 1}`],
    [0x00080060, 'CS', 'CT'],
    [0x0020000d, 'UI', study],
    [0x0020000e, 'UI', `${study}.2`],
    [0x00200032, 'DS', `0\\0\\${4 * z}`],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00280002, 'US', 1],
    ...(options.frames === undefined ? [] : [[0x00280008, 'IS', options.frames] as const]),
    [0x00280010, 'US', rows],
    [0x00280011, 'US', columns],
    [0x00280030, 'DS', '1\\1'],
    [0x00280100, 'US', 16],
    [0x00280101, 'US', 16],
    [0x00280102, 'US', 15],
    [0x00280103, 'US', 1],
    [0x00281052, 'DS', '-1000'],
    [0x00281053, 'DS', '1'],
  ]
  return part10(
    Buffer.concat([options.before ?? NOTHING, ...parts.map(element), pixels]),
    options.syntax,
    options.preamble,
  )
}

/** One fragment of encapsulated pixels. */
export function encapsulated(fragment: Uint8Array): Buffer {
  const item = (bytes: Uint8Array) => {
    const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0])
    head.writeUInt32LE(bytes.length, 4)
    return Buffer.concat([head, bytes])
  }
  const end = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])
  const value = Buffer.concat([item(new Uint8Array(0)), item(fragment), end])
  return element([0x7fe00010, 'OB', value, 0xffffffff])
}

/** Sequences in sequences, all of undefined length and without an end. */
export function nested(depth: number): Buffer {
  const level = Buffer.concat([
    element([0x00081140, 'SQ', new Uint8Array(0), 0xffffffff]),
    Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]),
  ])
  return part10(Buffer.concat(new Array<Buffer>(depth).fill(level)))
}

/** A NIfTI-1 header with these dimensions; datatype 4 is int16. */
export function niftiHeader(dimensions: readonly [number, number, number], datatype = 4): Buffer {
  const header = Buffer.alloc(352)
  header.writeInt32LE(348, 0)
  const dim = [3, ...dimensions, 1, 1, 1, 1]
  for (const [i, n] of dim.entries()) header.writeInt16LE(n, 40 + 2 * i)
  header.writeInt16LE(datatype, 70)
  header.writeInt16LE(16, 72)
  for (let i = 0; i < 8; i++) header.writeFloatLE(1, 76 + 4 * i)
  header.writeFloatLE(352, 108)
  header.writeFloatLE(1, 112)
  header.writeInt16LE(1, 254)
  for (let i = 0; i < 3; i++) header.writeFloatLE(1, 280 + 20 * i)
  header.write('n+1\0', 344, 'latin1')
  return header
}
