import type { Codec } from '../../ports.ts'
import { checkEnd, checkHeader, readJpegHeader, type StreamHeader } from './stream.ts'

/**
 * JPEG lossless as CT has it, at twice the speed of libijg: Huffman, the pixel to the left as predictor, no restarts.
 * `others` decodes every other JPEG, and says what is wrong with a damaged one: whatever is not plain is left to it.
 */
export const createJpegLosslessCodec =
  (others: Codec): Codec =>
  (frame, format) => {
    const header = readJpegHeader(frame)
    checkHeader(header, format)
    checkEnd(frame)
    const plain = header.marker === LOSSLESS_FRAME && format.bitsAllocated === 16
    return (plain ? decode(frame, header) : null) ?? others(frame, format)
  }

const LOSSLESS_FRAME = 0xc3
const HUFFMAN_TABLES = 0xc4
const START_OF_SCAN = 0xda
const END_OF_IMAGE = 0xd9
/** Application segments and comments, which say nothing of the samples. */
const isNote = (marker: number): boolean => (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe

/** Bits that one look-up sees: two of them fit into the 25 bits that are sure to be in a word read at any bit. */
const SHORT_BITS = 12
/** A step is a difference and how many bits stand for it: difference << 6 | bits; 0 where there is none. */
const STEP_BITS = 6
const BITS = (1 << STEP_BITS) - 1

/** Null for what is not plain or not whole. */
function decode(frame: Uint8Array, { rows, columns, precision }: StreamHeader): Uint8Array | null {
  const scan = readScan(frame)
  const data = scan && unstuff(frame, scan.from, 4 * columns + 8)
  if (scan === null || data === null) return null
  const { codes } = scan
  const { bytes, length } = data
  const short = shortSteps(codes)
  const view = new DataView(bytes.buffer)
  const out = new Uint16Array(rows * columns)
  let bit = 0
  let seen = 0
  for (let row = 0, at = 0; row < rows; row++) {
    let value = row === 0 ? 1 << (precision - 1) : out[at - columns]
    const end = at + columns
    while (at < end) {
      const window = view.getInt32(bit >>> 3) << (bit & 7)
      let step = short[window >>> (32 - SHORT_BITS)]
      const next = step === 0 || at + 1 === end ? 0 : short[(window << (step & BITS)) >>> (32 - SHORT_BITS)]
      if (step === 0) {
        step = longStep(codes, view, bit)
        if (step === 0) return null
      }
      bit += step & BITS
      value = (value + (step >> STEP_BITS)) & 0xffff
      seen |= value
      out[at++] = value
      if (next === 0) continue
      bit += next & BITS
      value = (value + (next >> STEP_BITS)) & 0xffff
      seen |= value
      out[at++] = value
    }
    // A row takes 31 bits a pixel at the most: so much was put after the data.
    if (bit > 8 * length) return null
  }
  return 8 * length - bit < 8 && seen >> precision === 0 ? new Uint8Array(out.buffer) : null
}

/** Where the samples begin and the Huffman codes they are in; null when they are not in one plain scan (T.81 B.2). */
function readScan(frame: Uint8Array): { readonly from: number; readonly codes: Uint16Array } | null {
  const tables = new Map<number, Uint16Array>()
  let component: number | null = null
  for (let at = 2; at + 4 <= frame.length && frame[at] === 0xff; ) {
    const marker = frame[at + 1]
    const end = at + 2 + ((frame[at + 2] << 8) | frame[at + 3])
    if (end < at + 4 || end > frame.length) return null
    const segment = frame.subarray(at + 4, end)
    if (marker === HUFFMAN_TABLES) {
      if (!readTables(segment, tables)) return null
    } else if (marker === LOSSLESS_FRAME) {
      if (component !== null || segment.length !== 9 || segment[7] !== 0x11) return null
      component = segment[6]
    } else if (marker === START_OF_SCAN) {
      const [components, id, table, predictor, last, pointTransform] = segment
      if (segment.length !== 6 || components !== 1 || id !== component) return null
      const codes = tables.get(table >> 4)
      const isPlain = predictor === 1 && last === 0 && pointTransform === 0
      return isPlain && codes !== undefined ? { from: end, codes } : null
    } else if (!isNote(marker)) return null
    at = end
  }
  return null
}

/** Tables of a DHT segment: what code the next 16 bits begin with, as its length << 5 | category; 0 for none. */
function readTables(segment: Uint8Array, tables: Map<number, Uint16Array>): boolean {
  for (let at = 0; at < segment.length; ) {
    const counts = segment.subarray(at + 1, at + 17)
    const symbols = segment.subarray(at + 17)
    const codes = new Uint16Array(1 << 16)
    let code = 0
    let n = 0
    for (let length = 1; length <= counts.length; length++)
      for (let left = counts[length - 1]; left > 0; left--, n++) {
        const to = code + (1 << (16 - length))
        if (segment[at] > 3 || n >= symbols.length || symbols[n] > 16 || to > codes.length) return false
        codes.fill((length << 5) | symbols[n], code, to)
        code = to
      }
    tables.set(segment[at], codes)
    at += 17 + n
  }
  return true
}

/** Steps whose code and difference fit into so many bits, by the bits that come next. */
function shortSteps(codes: Uint16Array): Int32Array {
  const steps = new Int32Array(1 << SHORT_BITS)
  for (let bits = 0; bits < steps.length; bits++) {
    const code = codes[bits << (16 - SHORT_BITS)]
    if (code !== 0 && bitsOf(code) <= SHORT_BITS) steps[bits] = stepOf(code, bits << (32 - SHORT_BITS))
  }
  return steps
}

function longStep(codes: Uint16Array, view: DataView, bit: number): number {
  const code = codes[(view.getInt32(bit >>> 3) << (bit & 7)) >>> 16]
  if (code === 0) return 0
  const from = bit + (code >> 5)
  return stepOf(code, view.getInt32(from >>> 3) << (from & 7), 0)
}

/** Category 16 is 32768, without bits of its own (T.81 H.1.2.2). */
const extraBits = (code: number): number => (code & 31) % 16
const bitsOf = (code: number): number => (code >> 5) + extraBits(code)

/** The step of a code whose difference begins `skip` bits into the word. */
function stepOf(code: number, word: number, skip: number = code >> 5): number {
  const extra = extraBits(code)
  const bits = extra === 0 ? 0 : (word << skip) >>> (32 - extra)
  const difference = (code & 31) === 16 ? 32768 : bits < (1 << extra) >> 1 ? bits - (1 << extra) + 1 : bits
  return (difference << STEP_BITS) | bitsOf(code)
}

/** The data of a scan without the zero after each FF, and `room` zeros after it; null unless the image ends there. */
function unstuff(
  frame: Uint8Array,
  start: number,
  room: number,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly length: number } | null {
  const bytes = new Uint8Array(frame.length - start + room)
  let length = 0
  for (let from = start; ; ) {
    const at = frame.indexOf(0xff, from)
    if (at === -1) return null
    const isData = frame[at + 1] === 0
    const part = frame.subarray(from, isData ? at + 1 : at)
    bytes.set(part, length)
    length += part.length
    if (!isData) return frame[at + 1] === END_OF_IMAGE ? { bytes, length } : null
    from = at + 2
  }
}
