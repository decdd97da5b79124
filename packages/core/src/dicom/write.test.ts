import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import dicomParser from 'dicom-parser'
import { expect, test } from 'vitest'
import { goldenSlice, goldenVolume } from '../../test/golden/dicom-write.ts'
import { uidOf } from './uid.ts'
import { decimal } from './write.ts'

const golden = JSON.parse(
  await readFile(new URL('../../test/golden/dicom-write.json', import.meta.url), 'utf8'),
)

test.each(['narrow', 'wide'] as const)('pydicom reads the same HU and geometry from a %s slice', (name) => {
  const bytes = goldenSlice(name)
  // The file is byte for byte the one that pydicom read.
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(golden[name].sha256)
  const { data, shape } = goldenVolume(name)
  const plane = shape[1] * shape[2]
  expect(golden[name].hu).toEqual([...data.subarray(plane, 2 * plane)])
  expect(golden[name].position).toEqual([-10.5, -20.25, 29.2])
  expect(golden[name].bitsStored).toBe(name === 'narrow' ? 12 : 16)
})

test('says in its header that it is synthetic', () => {
  const dataSet = dicomParser.parseDicom(goldenSlice('narrow'))
  expect(dataSet.string('x00100010')).toBe('SYNTHETIC^1')
  expect(dataSet.string('x0008103e')).toContain('SYNTHETIC')
  expect(dataSet.string('x00020010')).toBe('1.2.840.10008.1.2.1')
  expect(dataSet.string('x00080018')).toBe(dataSet.string('x00020003'))
})

test('UIDs are valid and follow from their text', () => {
  expect(uidOf('phantom/rsna/1')).toMatch(/^2\.25\.[1-9]\d{0,38}$/)
  expect(uidOf('phantom/rsna/1')).toBe(uidOf('phantom/rsna/1'))
  const many = new Set(Array.from({ length: 2000 }, (_, n) => uidOf(`phantom/rsna/${n}`)))
  expect(many.size).toBe(2000)
})

test.each([
  [0.1 + 0.2, '0.3'],
  [-101.12345678901234, '-101.12345678901'],
  [-1.2345678901234e-7, '-1.2345678901e-7'],
  [512, '512'],
])('%d fits a decimal string of 16 characters', (value, text) => {
  expect(decimal(value)).toBe(text)
  expect(text.length).toBeLessThanOrEqual(16)
})
