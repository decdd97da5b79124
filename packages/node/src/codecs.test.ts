import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { COMPRESSED } from '../../core/src/dicom/codecs/codecs.ts'
import { GOLDEN_FRAMES } from '../../core/test/golden-frames.ts'
import { CODECS } from './codecs.ts'

const { rows, columns, frames } = GOLDEN_FRAMES
const cases = frames.map((one) => ({
  ...one,
  name: `${one.syntax}, ${one.bitsAllocated} bits`,
  bytes: new Uint8Array(Buffer.from(one.frame, 'base64')),
  format: { rows, columns, bitsAllocated: one.bitsAllocated },
}))
const RLE = '1.2.840.10008.1.2.5'
const END = [0xff, 0xd9]

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Largest difference of two images. */
function distance(a: Uint8Array, b: Uint8Array, bytes: number): number {
  const at = (of: Uint8Array, i: number) => (bytes === 1 ? of[i] : of[2 * i] + 256 * of[2 * i + 1])
  let largest = 0
  for (let i = 0; i < a.length / bytes; i++) largest = Math.max(largest, Math.abs(at(a, i) - at(b, i)))
  return largest
}

describe('the decoders', () => {
  it('are all tried here', () => {
    expect(new Set(cases.map(({ syntax }) => syntax))).toEqual(new Set(COMPRESSED))
    expect(new Set(Object.keys(CODECS))).toEqual(new Set(COMPRESSED))
  })

  it.each(cases)('$name: what pydicom decodes', async (one) => {
    const values = await CODECS[one.syntax](one.bytes, one.format)
    if (one.values === undefined) expect(sha256(values)).toBe(one.sha256)
    else {
      const theirs = new Uint8Array(Buffer.from(one.values, 'base64'))
      expect(values.length).toBe(theirs.length)
      // Irreversible transforms are computed in floating point.
      expect(distance(values, theirs, one.bitsAllocated / 8)).toBeLessThanOrEqual(1)
    }
  })

  it.each(cases)('$name: refused when cut anywhere, with or without an end', async (one) => {
    for (let end = 0; end < one.bytes.length - 2; end += 97) {
      const cut = one.bytes.subarray(0, end)
      await expect(CODECS[one.syntax](cut, one.format), `${end}`).rejects.toMatchObject({ tag: 'input' })
      const ended = new Uint8Array([...cut, ...END])
      await expect(CODECS[one.syntax](ended, one.format), `${end} and an end`).rejects.toMatchObject({
        tag: 'input',
      })
    }
  })

  it.each(cases.filter(({ syntax }) => syntax !== RLE))(
    '$name: refused when the header says another size',
    async (one) => {
      await expect(CODECS[one.syntax](one.bytes, { ...one.format, rows: rows + 1 })).rejects.toThrow(
        `${columns} x ${rows} pixels compressed, ${columns} x ${rows + 1} in the header`,
      )
    },
  )

  it('decode on after more errors than the library survives', async () => {
    const [jpeg] = cases.filter(({ syntax }) => syntax.endsWith('4.70'))
    const broken = jpeg.bytes.slice()
    broken.fill(0, 300, 600)
    for (let n = 0; n < 80; n++) await expect(CODECS[jpeg.syntax](broken, jpeg.format)).rejects.toThrow()
    expect(sha256(await CODECS[jpeg.syntax](jpeg.bytes, jpeg.format))).toBe(jpeg.sha256)
  })

  it('leave the frame that they are given as it is', async () => {
    const [one] = cases
    const before = sha256(one.bytes)
    await Promise.all(Array.from({ length: 8 }, () => CODECS[one.syntax](one.bytes, one.format)))
    expect(sha256(one.bytes)).toBe(before)
  })
})
