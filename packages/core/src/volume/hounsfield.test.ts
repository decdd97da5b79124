import { expect, it } from 'vitest'
import type { PixelFormat } from '../dicom/instance.ts'
import { createHounsfieldTable } from './hounsfield.ts'

const FORMAT: PixelFormat = {
  rows: 1,
  columns: 1,
  samplesPerPixel: 1,
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  signed: true,
  rescaleSlope: 1,
  rescaleIntercept: 0,
  padding: null,
}
const hu = (format: Partial<PixelFormat>, raw: number): number =>
  createHounsfieldTable({ ...FORMAT, ...format }).table[raw & 0xffff]

it('applies slope and intercept', () => {
  expect(hu({ rescaleSlope: 0.5, rescaleIntercept: -1000 }, 2001)).toBe(1)
  expect(hu({ signed: false, rescaleIntercept: -1024 }, 1024)).toBe(0)
})

it('honours PixelRepresentation', () => {
  expect(hu({ signed: true }, -300)).toBe(-300)
  expect(hu({ signed: false, rescaleIntercept: -65436 }, 65436)).toBe(0)
})

it('honours BitsStored and HighBit: overlay bits above and below are no part of the value', () => {
  const twelve = { bitsStored: 12, highBit: 11, signed: false }
  expect(hu(twelve, 0xf000 | 40)).toBe(40)
  expect(hu({ ...twelve, signed: true }, 0x0fff)).toBe(-1)
  expect(hu({ bitsStored: 12, highBit: 15, signed: false }, 40 << 4)).toBe(40)
})

it('keeps HU within -1024..3071', () => {
  expect(hu({}, -3024)).toBe(-1024)
  expect(hu({}, -2000)).toBe(-1024)
  expect(hu({}, 30000)).toBe(3071)
})

it('turns padding into air, also a range of it and above the scale', () => {
  expect(hu({ padding: [-2000, -2000] }, -2000)).toBe(-1024)
  expect(hu({ padding: [32767, 32767] }, 32767)).toBe(-1024)
  expect(hu({ padding: [3500, 4095], signed: false }, 4000)).toBe(-1024)
})

it('does not punch holes into tissue where padding stands for its density', () => {
  const { table, paddingIgnored } = createHounsfieldTable({ ...FORMAT, padding: [0, 0] })
  expect(table[0]).toBe(0)
  expect(paddingIgnored).toBe(true)
})
