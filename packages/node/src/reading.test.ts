import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readNifti, readNiftiLabels, readStudy, scanSource, surveySource } from '@neckfrac/core'
import { describe, expect, it } from 'vitest'
import { readInstance } from '../../core/src/dicom/header.ts'
import { readStoredValues } from '../../core/src/dicom/pixels.ts'
import { invert, transform } from '../../core/src/volume/geometry.ts'
import { createHounsfieldTable } from '../../core/src/volume/hounsfield.ts'
import { CODECS } from './codecs.ts'
import { describeScan } from './commands/info.ts'
import { openSource } from './sources.ts'

/** Real inputs beside the repository; golden numbers by pydicom and nibabel, see make_reading.py. */
const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url))
const GOLDEN = new URL('../../core/test/golden/reading.json', import.meta.url)

type Stats = { readonly min: number; readonly max: number; readonly mean: number }
type Golden = {
  readonly series: readonly (Stats & {
    path: string
    seriesInstanceUid: string
    shape: number[]
    ijkToLps: number[]
    firstSop: string
    samples: number[][]
  })[]
  readonly single: readonly (Stats & { path: string; shape: number[]; samples: number[][] })[]
  readonly nifti: readonly (Stats & { path: string; voxels: number; samples: number[][] })[]
  readonly labels: readonly {
    path: string
    voxels: number
    samples: number[][]
    counts: Record<string, number>
  }[]
}
const golden: Golden = JSON.parse(readFileSync(GOLDEN, 'utf8'))

const present = existsSync(DATA)
const title = `real inputs${present ? '' : ' (skipped: ../shared/data is not there)'}`

type Values = Int16Array | Uint8Array

function statsOf(values: Values): Stats {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value < min) min = value
    if (value > max) max = value
    sum += value
  }
  return { min, max, mean: sum / values.length }
}

function expectStats(values: Values, { min, max, mean }: Stats): void {
  const found = statsOf(values)
  expect([found.min, found.max]).toEqual([min, max])
  expect(found.mean).toBeCloseTo(mean, 6)
}

function expectSamples(
  grid: { data: Values; shape: readonly number[]; ijkToLps: readonly number[] },
  samples: readonly number[][],
): void {
  const toIjk = invert(grid.ijkToLps)
  for (const [l, p, s, value] of samples) {
    const [x, y, z] = transform(toIjk, [l, p, s]).map(Math.round)
    expect(grid.data[(z * grid.shape[1] + y) * grid.shape[2] + x]).toBe(value)
  }
}

describe.skipIf(!present)(title, () => {
  it.each(golden.series)('$path: the same series, geometry and HU as pydicom', async (expected) => {
    const source = await openSource(DATA + expected.path)
    const { studies } = await scanSource(source, { codecs: CODECS })
    expect(studies).toHaveLength(1)
    const { volume, ...study } = await readStudy(studies[0], { codecs: CODECS })
    expect(study.seriesInstanceUid).toBe(expected.seriesInstanceUid)
    expect(volume.shape).toEqual(expected.shape)
    for (const [i, value] of expected.ijkToLps.entries()) expect(volume.ijkToLps[i]).toBeCloseTo(value, 6)
    expect(study.slices[0].sopInstanceUid).toBe(expected.firstSop)
    expect(study.slices).toHaveLength(expected.shape[0])
    expect(study.findings).toEqual([])
    expectStats(volume.data, expected)
    expectSamples(volume, expected.samples)
  })

  it.each(golden.single)('$path: the same HU as pydicom', async (expected) => {
    const [file] = await (await openSource(DATA + expected.path)).files()
    const parsed = await readInstance(file)
    if (parsed.kind !== 'instance') throw new Error(JSON.stringify(parsed))
    const { table } = createHounsfieldTable(parsed.instance.format)
    const hu = Int16Array.from(await readStoredValues(parsed.instance, file, CODECS), (raw) => table[raw])
    expectStats(hu, expected)
    for (const [y, x, value] of expected.samples) expect(hu[y * expected.shape[1] + x]).toBe(value)
  })

  it.each(golden.nifti)('$path: the same HU at the same places as nibabel', (expected) => {
    const volume = readNifti(readFileSync(DATA + expected.path))
    expect(volume.data).toHaveLength(expected.voxels)
    expectStats(volume.data, expected)
    expectSamples(volume, expected.samples)
  })

  it.each(golden.labels)('$path: the same labels at the same places as nibabel', (expected) => {
    const labels = readNiftiLabels(readFileSync(DATA + expected.path))
    const counts = new Array<number>(256).fill(0)
    for (const label of labels.data) counts[label]++
    for (const [label, count] of Object.entries(expected.counts)) expect(counts[Number(label)]).toBe(count)
    expectSamples(labels, expected.samples)
  })

  it('finds 40 CTs among 40 label maps', async () => {
    const { studies, skipped } = await scanSource(await openSource(`${DATA}ct-openkbp`))
    expect(studies).toHaveLength(40)
    expect(skipped).toHaveLength(40)
    expect(
      skipped.every(({ path, reason }) => path.includes('structures') && reason.includes('label map')),
    ).toBe(true)
  })

  it('reads or skips with a reason every file of a pile of odd and hostile ones', async () => {
    for (const file of await (await openSource(`${DATA}dicom-edge`)).files()) {
      const source = { name: file.path, files: async () => [file] }
      const { studies, refused, skipped } = await surveySource(source, { codecs: CODECS })
      const reasons = [...skipped, ...[...studies, ...refused].flatMap((study) => study.skipped)]
      const series = [...studies, ...refused].flatMap((study) => study.series)
      expect(series.length + reasons.length, file.path).toBeGreaterThan(0)
      for (const { reason } of [...series, ...reasons]) expect(reason.length).toBeGreaterThan(5)
    }
  })

  it('says what it would read and why', async () => {
    const path = `${DATA}ct-acrin-flt-breast-001`
    const text = describeScan('ACRIN', await surveySource(await openSource(path), { codecs: CODECS }))
    expect(text).toContain(
      '* CT, PET-CT SERIES, kernel SOFT: 99 axial images of 512 x 512, 0.98 x 0.98 mm, 4.25 mm apart',
    )
    expect(text).toContain('not read: only 17 slices, 20 needed')
    expect(text).toContain('1 study would be read.')
  })
})
