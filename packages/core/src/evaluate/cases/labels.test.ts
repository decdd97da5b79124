import { expect, it } from 'vitest'
import { report } from '../../../test/report.ts'
import type { Report } from '../../report/report.ts'
import { describeVertebrae } from '../../segment/vertebrae.ts'
import type { LabelVolume } from '../../volume/volume.ts'
import { compareCentres, compareLabels, vertebraeOfMask } from './labels.ts'

/** Blocks of 24 x 24 x 14 mm, 16 mm apart from the head down, with these labels; 2 mm voxels, z from head to feet. */
function blocks(labels: readonly number[], downMm = 0): LabelVolume {
  const shape = [60, 24, 24] as const
  const data = new Uint8Array(shape[0] * shape[1] * shape[2])
  for (const [n, label] of labels.entries())
    for (let z = 4 + 8 * n + downMm / 2; z < 11 + 8 * n + downMm / 2; z++)
      for (let y = 6; y < 18; y++) data.fill(label, (z * 24 + y) * 24 + 6, (z * 24 + y) * 24 + 18)
  return { data, shape, ijkToLps: [2, 0, 0, -24, 0, 2, 0, -24, 0, 0, -2, 100, 0, 0, 0, 1] }
}

const segmented = (labels: LabelVolume) => ({ labels, vertebrae: describeVertebrae(labels) })

it('the same labels are right, at no distance, with Dice 1', () => {
  const truth = blocks([1, 2, 3, 4])
  for (const v of compareLabels(truth, segmented(truth)))
    expect(v).toEqual({ label: v.label, found: v.label, distanceMm: 0, dice: 1 })
})

it('a chain shifted by one level is wrong in every vertebra', () => {
  const found = compareLabels(blocks([2, 3, 4, 5]), segmented(blocks([3, 4, 5, 6])))
  expect(found.map((v) => [v.label, v.found])).toEqual([
    [2, 3],
    [3, 4],
    [4, 5],
    [5, 6],
  ])
  expect(found[0]).toMatchObject({ distanceMm: null, dice: 0 })
  expect(found[1].distanceMm).toBeCloseTo(16)
})

it('a mask moved by a few millimetres keeps its label and loses Dice', () => {
  const [, second] = compareLabels(blocks([1, 2, 3]), segmented(blocks([1, 2, 3], 4)))
  expect(second).toMatchObject({ label: 2, found: 2 })
  expect(second.distanceMm).toBeCloseTo(4)
  // 14 mm long and 4 mm away: 10 of 14 shared.
  expect(second.dice).toBeCloseTo(10 / 14)
})

it('a long process that one mask lacks does not move a vertebra', () => {
  const truth = blocks([6, 7, 8])
  const withProcess: LabelVolume = { ...truth, data: truth.data.slice() }
  // One voxel thick, from the lowest vertebra up past its neighbour: 3 % of its voxels, 36 mm of its box.
  for (let z = 6; z < 24; z++) withProcess.data[(z * 24 + 20) * 24 + 12] = 8
  const found = compareLabels(truth, segmented(withProcess))
  expect(found.map((v) => v.found)).toEqual([6, 7, 8])
  expect(found[2].distanceMm).toBeLessThan(1)
})

it('a neighbour’s label does not stand in for a missing one', () => {
  const found = compareLabels(blocks([1, 2, 3, 4, 5]), segmented(blocks([1, 2])))
  expect(found.map((v) => v.found)).toEqual([1, 2, 0, 0, 0])
})

it('a report is compared by its centres, and says nothing about T1', () => {
  const mask = blocks([6, 7, 8])
  const vertebrae = vertebraeOfMask(mask)
  const centre = (label: number) => vertebrae.find((v) => v.label === label)?.centreLps ?? null
  const named = (label: number | null): Report => ({
    ...report,
    vertebrae: report.vertebrae.map((v) => ({
      ...v,
      centreLps: label !== null && v.level === `C${label}` ? centre(label) : null,
    })),
  })
  expect(compareCentres(vertebrae, named(7)).map((v) => [v.label, v.found])).toEqual([
    [6, 0],
    [7, 7],
  ])
  expect(compareCentres(vertebrae, named(null)).map((v) => v.found)).toEqual([0, 0])
})
