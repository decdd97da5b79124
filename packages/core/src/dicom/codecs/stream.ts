import { NeckFracError } from '../../errors.ts'
import type { FrameFormat } from '../../ports.ts'

/** What a compressed frame says of itself. */
export type StreamHeader = {
  readonly rows: number
  readonly columns: number
  readonly components: number
  /** Bits a sample. */
  readonly precision: number
  readonly signed: boolean
}

/** Rows, columns and bits of a JPEG or JPEG-LS frame, from its start-of-frame segment (T.81 B.2.2). @throws NeckFracError input */
export function readJpegHeader(frame: Uint8Array): StreamHeader & { readonly marker: number } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frame.length < 4 || view.getUint16(0) !== START_OF_IMAGE) throw damaged('no JPEG')
  for (let at = 2; at + 10 <= frame.length; ) {
    if (frame[at] !== 0xff) throw damaged('JPEG without a start of frame')
    const marker = frame[at + 1]
    if (marker === 0xff) at++
    else if (isStartOfFrame(marker))
      return {
        marker,
        precision: frame[at + 4],
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: frame[at + 9],
        signed: false,
      }
    else at += 2 + view.getUint16(at + 2)
  }
  throw damaged('JPEG without a start of frame')
}

const START_OF_IMAGE = 0xffd8
/** SOF of JPEG-LS (T.87). */
export const JPEG_LS_FRAME = 0xf7
/** SOF0-15 but for DHT, JPG and DAC, which lie among them. */
const isStartOfFrame = (marker: number): boolean =>
  marker === JPEG_LS_FRAME ||
  (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)

/** Rows, columns and bits of a JPEG 2000 code stream, from its SIZ segment (T.800 A.5.1). @throws NeckFracError input */
export function readJ2kHeader(frame: Uint8Array): StreamHeader {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frame.length < 45 || view.getUint32(0) !== START_OF_CODE_STREAM)
    throw damaged('no JPEG 2000 code stream')
  if (frame[43] !== 1 || frame[44] !== 1) throw damaged('subsampled JPEG 2000')
  return {
    columns: view.getUint32(8) - view.getUint32(16),
    rows: view.getUint32(12) - view.getUint32(20),
    components: view.getUint16(40),
    precision: 1 + (frame[42] & 0x7f),
    signed: frame[42] >= 0x80,
  }
}

/** SOC, then SIZ. */
const START_OF_CODE_STREAM = 0xff4fff51

/** Refuses a frame that is no image of this format: decoders trust one of the two. @throws NeckFracError input */
export function checkHeader(header: StreamHeader, format: FrameFormat): void {
  const { rows, columns, components, precision } = header
  if (rows !== format.rows || columns !== format.columns)
    throw damaged(`${columns} x ${rows} pixels compressed, ${format.columns} x ${format.rows} in the header`)
  if (components !== 1) throw damaged(`${components} components compressed, 1 in the header`)
  if (precision < 2 || precision > format.bitsAllocated)
    throw damaged(`${precision} bits compressed, ${format.bitsAllocated} allocated`)
}

/**
 * Refuses a frame that ends early. The end marker of JPEG, JPEG-LS and JPEG 2000 is FFD9, which occurs in no compressed
 * sample; writers put up to some bytes after it. @throws NeckFracError input
 */
export function checkEnd(frame: Uint8Array): void {
  let end = frame.length
  while (end > 0 && frame[end - 1] === 0) end--
  for (let at = end - 2; at >= Math.max(0, end - LONGEST_TAIL); at--)
    if (frame[at] === 0xff && frame[at + 1] === 0xd9) return
  throw damaged('truncated: the compressed frame has no end')
}

const LONGEST_TAIL = 64

/** Samples of one byte as two, little endian. */
export function widen(bytes: Uint8Array, signed: boolean): Uint8Array {
  const out = new Uint8Array(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    out[2 * i] = bytes[i]
    out[2 * i + 1] = signed && bytes[i] >= 0x80 ? 0xff : 0
  }
  return out
}

export const damaged = (what: string): NeckFracError => new NeckFracError('input', what)
