import { expect, test } from 'vitest'
import { encodeNpy } from './npy.ts'

test('writes what numpy.save writes', () => {
  // numpy 2: io.BytesIO(); numpy.save(f, numpy.array([[1, -2, 300]], '<i2')); f.getvalue()
  const header = "{'descr': '<i2', 'fortran_order': False, 'shape': (1, 3), }"
  const expected = [0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0, ...Buffer.from(`${header.padEnd(117)}\n`)]
  const data = Int16Array.of(1, -2, 300)
  expect([...encodeNpy({ data, shape: [1, 3] })]).toEqual([...expected, 1, 0, 0xfe, 0xff, 44, 1])
})

test('a single axis is a tuple of one, and data begin at a multiple of 64', () => {
  const bytes = encodeNpy({ data: new Uint8Array(5), shape: [5] })
  expect(Buffer.from(bytes).toString('latin1')).toContain("'shape': (5,), }")
  expect((bytes.length - 5) % 64).toBe(0)
})

test('only the part of a buffer that an array shows is written', () => {
  const part = new Uint8Array([9, 1, 2, 9]).subarray(1, 3)
  expect([...encodeNpy({ data: part, shape: [2] }).slice(-2)]).toEqual([1, 2])
})
