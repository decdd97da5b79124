import { describe, expect, test } from 'vitest'
import type { Vertebra } from '../segment/segmentation.ts'
import type { Plane } from '../series/plane.ts'
import type { Vec3 } from '../volume/geometry.ts'
import { assess } from './assessable.ts'

const volume = {
  data: new Int16Array(1),
  shape: [1, 1, 1] as const,
  ijkToLps: [0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
}

const labelled = (labels: readonly number[], cut: readonly number[] = []): Vertebra[] =>
  labels.map((label) => ({
    label,
    centreLps: [0, 0, -16 * label],
    minLps: [-20, -20, -16 * label - 8],
    maxLps: [20, 20, -16 * label + 8],
    volumeMm3: 9000,
    confidence: 0.9,
    truncated: cut.includes(label),
  }))

const uncertain = (labels: readonly number[], cut?: readonly number[]) =>
  assess(
    { volume, plane: 'axial' },
    {
      labels: { data: new Uint8Array(1), shape: [1, 1, 1], ijkToLps: [] },
      vertebrae: labelled(labels, cut),
    },
  ).find((f) => f.code === 'levels-uncertain')?.message

describe('levels that cannot be counted are said to be uncertain', () => {
  test('without C2 and T1', () => {
    expect(uncertain([3, 4, 5, 6, 7], [3, 7])).toContain('Neither C2 nor T1')
  })
  test('with a T1 that the scan cuts', () => {
    expect(uncertain([3, 4, 5, 6, 7, 8], [3, 8])).toContain('T1 is only partly in view')
  })
  test('with a C2 that the scan cuts below the ring of C1', () => {
    expect(uncertain([2, 3, 4, 5, 6], [2, 6])).toContain('C2 is only partly in view')
  })
})

test('levels that the scan cuts are named', () => {
  const labels = { data: new Uint8Array(1), shape: [1, 1, 1] as const, ijkToLps: [] }
  const findings = assess(
    { volume, plane: 'axial' },
    { labels, vertebrae: labelled([2, 3, 4, 5, 6, 7, 8], [2, 7, 8]) },
  )
  expect(findings.find((f) => f.code === 'levels-cut-off')?.message).toContain('edge of the scan: C2, C7.')
})

describe('levels are counted', () => {
  test.each([
    ['from C2 down', [2, 3, 4, 5, 6], [6]],
    ['from a whole T1 up', [3, 4, 5, 6, 7, 8], [3]],
    ['from the dens inside C1, both cut', [1, 2, 3, 4, 5], [1, 2]],
  ])('%s', (_, labels, cut) => {
    expect(uncertain(labels, cut)).toBeUndefined()
  })
})

describe('a study without a neck is refused as what it seems to be', () => {
  const refusal = (labels: readonly number[], lowerRows: number, aboveMm = 0) => {
    const shape = [1, 40, 16] as const
    const data = new Uint8Array(40 * 16)
    data.fill(9, 0, lowerRows * 16)
    // Rows of 2 mm from the head to the feet.
    const ijkToLps = [0, 0, 4, 0, 2, 0, 0, 0, 0, -2, 0, 0, 0, 0, 0, 1]
    const volumeToTop = { ...volume, ijkToLps: volume.ijkToLps.with(11, -16 * labels[0] + 8 + aboveMm) }
    return assess(
      { volume: volumeToTop, plane: 'axial' },
      { labels: { data, shape, ijkToLps }, vertebrae: labelled(labels) },
    )
  }
  test.each([
    ['a chest', [7, 8], 30, 0, 'the chest, abdomen or lumbar spine: 60 mm of spine below T1'],
    ['a lumbar spine', [], 40, 0, 'the chest, abdomen or lumbar spine: 80 mm of spine below T1'],
    ['a head', [1, 2], 0, 90, 'study of the head: the scan reaches 90 mm above C1'],
    ['half a neck', [1, 2, 3, 4], 5, 20, 'too short a part of the neck'],
    ['half a neck and some chest', [4, 5, 6, 7, 8], 25, 0, 'too short a part of the neck'],
    ['something else', [], 0, 0, 'no vertebra was recognised'],
  ])('%s', (_, labels, lowerRows, aboveMm, words) => {
    const [finding, ...others] = refusal(labels, lowerRows, aboveMm)
    expect(finding).toMatchObject({ code: 'no-cervical-spine', severity: 'blocking' })
    expect(finding.message).toContain(words)
    expect(others).toEqual([])
  })
})

describe('a vertebra of which too small a part is in view does not count', () => {
  const labels = { data: new Uint8Array(1), shape: [1, 1, 1] as const, ijkToLps: [] }
  const refusal = (volumesMm3: readonly number[]) => {
    const vertebrae = labelled([1, 2, 3, 4, 5]).map((v, n) => ({ ...v, volumeMm3: volumesMm3[n] }))
    return assess({ volume, plane: 'axial' }, { labels, vertebrae }).find((f) => f.severity === 'blocking')
  }
  test.each([
    ['a sliver of the lowest, by the others', [9000, 14000, 9000, 9000, 2600], 'C1, C2, C3, C4', 'C5', '2.7'],
    ['a sliver of the highest', [2600, 14000, 9000, 9000, 9000], 'C2, C3, C4, C5', 'C1', '2.7'],
    ['specks, of a small neck too', [3000, 4000, 3000, 3000, 1400], 'C1, C2, C3, C4', 'C5', '1.5'],
  ])('%s', (_, volumesMm3, seen, sliver, ml) => {
    const { code, message } = refusal(volumesMm3)!
    expect(code).toBe('no-cervical-spine')
    expect(message).toContain(
      `only ${seen} could be labelled (of ${sliver} too small a part: less than ${ml} ml); 5 consecutive ones are needed`,
    )
  })
  test.each([
    ['a third of it does', [9000, 14000, 9000, 9000, 2800]],
    ['a third does in a child, whose vertebrae are small,', [3000, 4000, 3000, 3000, 1600]],
  ])('but %s', (_, volumesMm3) => {
    expect(refusal(volumesMm3)).toBeUndefined()
  })
})

describe('coarse slices are named by their plane', () => {
  const labels = { data: new Uint8Array(1), shape: [1, 1, 1] as const, ijkToLps: [] }
  const messages = (plane: Plane, [x, y, z]: Vec3) => {
    const ijkToLps = [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1]
    const study = { plane, volume: { ...volume, ijkToLps } }
    return assess(study, { labels, vertebrae: labelled([1, 2, 3, 4, 5, 6, 7]) }).map(
      ({ code, severity, message }) => [`${severity} ${code}`, message],
    )
  }
  test.each<[Plane, Vec3, string]>([
    ['axial', [0.5, 0.5, 4], 'Axial slices are 4.00 mm apart: too coarse to judge fractures (limit 3 mm).'],
    [
      'sagittal',
      [2, 0.5, 0.5],
      'Sagittal slices are 2.00 mm apart: too coarse to judge fractures (limit 1.5 mm). Send the axial series.',
    ],
    [
      'coronal',
      [0.5, 2, 0.5],
      'Coronal slices are 2.00 mm apart: too coarse to judge fractures (limit 1.5 mm). Send the axial series.',
    ],
    [
      'oblique',
      [0.5, 0.5, 3.5],
      'Oblique slices are 3.50 mm apart: too coarse to judge fractures (limit 3 mm). Send the axial series.',
    ],
  ])('%s', (plane, spacing, message) => {
    expect(messages(plane, spacing)).toEqual([['blocking slices-too-thick', message]])
  })
  test('their pixels are called pixels', () => {
    expect(messages('sagittal', [1, 1.6, 0.5])).toEqual([
      ['blocking pixels-too-large', 'Pixels are 1.60 mm wide: too coarse to judge fractures (limit 1.5 mm).'],
    ])
  })
})
