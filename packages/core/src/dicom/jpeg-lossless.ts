/// <reference path="./jpeg-lossless-decoder.d.ts" />
import { Decoder } from 'jpeg-lossless-decoder-js'
import type { Codec } from '../ports.ts'

/** JPEG lossless in plain JavaScript: runs everywhere, about 10 ms for a slice of 512 x 512. */
export const decodeJpegLossless: Codec = (frame, { bitsAllocated }) => {
  const padded = padBeforeEnd(frame)
  const values = new Decoder().decode(padded.buffer, 0, padded.length, bitsAllocated >> 3)
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/**
 * Zeros before the end marker. The decoder looks ahead, takes the marker for the end of the last code and gives 0 for
 * the last pixel of some images (version 2.1.2; a CT slice in selection value 1 shows it).
 */
function padBeforeEnd(frame: Uint8Array): Uint8Array {
  let end = frame.length - 2
  while (end > 0 && !(frame[end] === 0xff && frame[end + 1] === 0xd9)) end--
  if (end <= 0) return frame.slice()
  const padded = new Uint8Array(frame.length + 8)
  padded.set(frame.subarray(0, end))
  padded.set(frame.subarray(end), end + 8)
  return padded
}
