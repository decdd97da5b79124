import { expect, test } from 'vitest'
import { decodeNpy, encodeNpy } from './npy.ts'

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

test('reads what numpy.save wrote', () => {
  // numpy 2: numpy.save(f, numpy.array([[1, -2, 300]], '<i2')) and numpy.save(f, numpy.array([7, 200], '|u1'))
  const file = (header: string, body: number[]) =>
    Uint8Array.from([
      0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0, ...Buffer.from(`${header.padEnd(117)}\n`), ...body,
    ]) // biome-ignore format: one file
  const wide = file("{'descr': '<i2', 'fortran_order': False, 'shape': (1, 3), }", [1, 0, 0xfe, 0xff, 44, 1])
  expect(decodeNpy(wide, 'a.npy')).toEqual({ data: Int16Array.of(1, -2, 300), shape: [1, 3] })
  const bytes = file("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", [7, 200])
  expect(decodeNpy(bytes, 'b.npy')).toEqual({ data: Uint8Array.of(7, 200), shape: [2] })
  expect(() => decodeNpy(bytes.subarray(0, 129), 'b.npy')).toThrow(
    /b\.npy cannot be read: 1 bytes for the shape 2/,
  )
  const other = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", [0, 0])
  expect(() => decodeNpy(other, 'c.npy')).toThrow(/its header is .*<f4/)
  expect(() => decodeNpy(Uint8Array.of(1, 2), 'd.npy')).toThrow(/no \.npy file/)
})
