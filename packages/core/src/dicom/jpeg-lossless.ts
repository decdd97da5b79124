/// <reference path="./jpeg-lossless-decoder.d.ts" />
import { Decoder } from 'jpeg-lossless-decoder-js'
import type { Codec } from '../ports.ts'

/** JPEG lossless in plain JavaScript: runs everywhere, about 10 ms for a slice of 512 x 512. */
export const decodeJpegLossless: Codec = (frame, { bitsAllocated }) => {
  const values = new Decoder().decode(frame.buffer, frame.byteOffset, frame.byteLength, bitsAllocated >> 3)
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
