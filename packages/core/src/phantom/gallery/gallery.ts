import { encode } from 'fast-png'
import { type Picture, stack } from './letters.ts'

/** Grey PNG of rows below each other. */
export function encodeSheet(rows: readonly Picture[]): Uint8Array {
  const { width, height, pixels } = stack(rows)
  return encode({ width, height, data: pixels, channels: 1, depth: 8 })
}
