import { describe, expect, it } from 'vitest'
import type { Level } from '../levels.ts'
import type { Segmentation } from '../segment/segmentation.ts'
import { affine, invert, type Mat4, transform, type Vec3 } from '../volume/geometry.ts'
import type { LabelVolume, Volume } from '../volume/volume.ts'
import { makeFigures, overviewSheet } from './figures.ts'
import { contours } from './outline.ts'
import type { Box, Figure, VertebraResult } from './report.ts'

/** Bright enough to be white in the bone window. */
const BRIGHT = 3000
/** A bright ball of 3 mm radius marks the finding; the vertebra is a ball of 12 mm around its centre. */
const FINDING: Vec3 = [-9, -14, 6]
const CENTRE: Vec3 = [-4, -6, 2]

const tilt = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
const [c, s] = tilt(12)

/** The same patient, stored in ways that scanners and NIfTI files store it. */
const LAYOUTS: readonly (readonly [string, Mat4])[] = [
  ['axial, head last', affine([1, 0, 0], [0, 1, 0], [0, 0, 1], [-60, -60, -60])],
  ['axial, head first', affine([1, 0, 0], [0, 1, 0], [0, 0, -1], [-60, -60, 60])],
  ['mirrored and upside down', affine([-1, 0, 0], [0, -1, 0], [0, 0, 1], [60, 60, -60])],
  ['columns and rows exchanged', affine([0, 1, 0], [1, 0, 0], [0, 0, 1], [-60, -60, -60])],
  [
    'tilted about the left-right axis',
    affine([1, 0, 0], [0, c, s], [0, -s, c], [-60, -60 * c + 60 * s, -60 * s - 60 * c]),
  ],
  ['sagittal', affine([0, 1, 0], [0, 0, -1], [1, 0, 0], [-60, -60, 60])],
]
const SIZE = 121

function paint<T extends Int16Array | Uint8Array>(
  data: T,
  size: number,
  m: Mat4,
  centre: Vec3,
  radius: number,
  value: number,
) {
  const shape = [size, size, size] as const
  for (let k = 0, at = 0; k < size; k++)
    for (let j = 0; j < size; j++)
      for (let i = 0; i < size; i++, at++) {
        const p = transform(m, [i, j, k])
        if (Math.hypot(p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]) <= radius) data[at] = value
      }
  return { data, shape, ijkToLps: m }
}

/** Labels lie on a coarser grid in another order: 4 mm from side to side, 2 mm otherwise. */
const LABEL_GRID = affine([0, 0, 2], [0, 2, 0], [4, 0, 0], [-120, -60, -60])
const labels: LabelVolume = paint(new Uint8Array(61 ** 3), 61, LABEL_GRID, CENTRE, 12, 4)
const segmentation: Segmentation = {
  labels,
  vertebrae: [
    {
      label: 4,
      centreLps: CENTRE,
      minLps: [CENTRE[0] - 12, CENTRE[1] - 12, CENTRE[2] - 12],
      maxLps: [CENTRE[0] + 12, CENTRE[1] + 12, CENTRE[2] + 12],
      volumeMm3: 7200,
      confidence: 1,
      truncated: false,
    },
  ],
}

function study(ijkToLps: Mat4): { volume: Volume; vertebra: VertebraResult } {
  const volume = paint(new Int16Array(SIZE ** 3).fill(-1000), SIZE, ijkToLps, FINDING, 3, BRIGHT)
  const [x, y, z] = transform(invert(ijkToLps), FINDING).map(Math.round)
  const box: Box = {
    sliceIndex: z,
    sopInstanceUid: '',
    path: '',
    x: x - 4,
    y: y - 4,
    width: 9,
    height: 9,
    centreLps: FINDING,
  }
  const level: Level = 'C4'
  return {
    volume,
    vertebra: {
      level,
      centreLps: CENTRE,
      probability: 0.9,
      threshold: 0.5,
      call: 'fracture',
      box,
      models: {},
    },
  }
}

/** Centre of the bright pixels, in the picture's coordinates. */
function brightCentre({ pixels, width }: Figure): [number, number, number] {
  let [n, u, v] = [0, 0, 0]
  for (const [i, grey] of pixels.entries()) {
    if (grey < 128) continue
    n++
    u += (i % width) + 0.5
    v += Math.floor(i / width) + 0.5
  }
  return [u / n, v / n, n]
}

const middle = (points: readonly (readonly [number, number])[], axis: 0 | 1) =>
  (Math.min(...points.map((p) => p[axis])) + Math.max(...points.map((p) => p[axis]))) / 2

describe.each(LAYOUTS)('a volume that is %s', (name, ijkToLps) => {
  const { volume, vertebra } = study(ijkToLps)
  const figures = makeFigures({ volume, segmentation, vertebrae: [vertebra] })
  const [overview, axial, sagittal] = figures
  // On a tilted slice the finding is seen through a plane that leans by 12 degrees.
  const tilted = name.startsWith('tilted')

  it('gives an overview and two close-ups', () => {
    expect(figures.map((f) => [f.kind, f.level])).toEqual([
      ['overview', null],
      ['axial', 'C4'],
      ['sagittal', 'C4'],
    ])
  })

  it('shows the finding right and anterior of the centre on the axial picture, to the pixel', () => {
    const [u, v] = brightCentre(axial)
    const mm = axial.spacingMm
    expect((u - axial.width / 2) * mm).toBeCloseTo(FINDING[0] - CENTRE[0], 0)
    if (!tilted) expect((v - axial.height / 2) * mm).toBeCloseTo(FINDING[1] - CENTRE[1], 0)
    expect(v).toBeLessThan(axial.height / 2)
  })

  it('shows it anterior and above the centre on the sagittal picture, to the pixel', () => {
    const [u, v] = brightCentre(sagittal)
    expect((u - sagittal.width / 2) * sagittal.spacingMm).toBeCloseTo(FINDING[1] - CENTRE[1], 0)
    expect((sagittal.height / 2 - v) * sagittal.spacingMm).toBeCloseTo(FINDING[2] - CENTRE[2], 0)
  })

  it('puts the box around it on both', () => {
    for (const figure of [axial, sagittal]) {
      const [u, v] = brightCentre(figure)
      const box = figure.box ?? { x: 0, y: 0, width: 0, height: 0 }
      expect(Math.abs(box.x + box.width / 2 - u) * figure.spacingMm).toBeLessThan(1)
      expect(Math.abs(box.y + box.height / 2 - v) * figure.spacingMm).toBeLessThan(1)
    }
    expect((axial.box?.width ?? 0) * axial.spacingMm).toBeCloseTo(name === 'sagittal' ? 1 : 9, 0)
  })

  it('outlines the vertebra around its centre, with its name', () => {
    for (const figure of figures) {
      expect(figure.outlines).toHaveLength(1)
      expect(figure.outlines[0].label).toBe('C4')
    }
    const { points } = overview.outlines[0]
    const sheet = overviewSheet(volume, segmentation.vertebrae)
    const [x, y, z] = sheet.toLps(middle(points, 0), middle(points, 1))
    expect(Math.hypot(x - CENTRE[0], y - CENTRE[1], z - CENTRE[2])).toBeLessThan(0.7)
    const across =
      (Math.max(...points.map((p) => p[0])) - Math.min(...points.map((p) => p[0]))) * overview.spacingMm
    expect(Math.abs(across - 24)).toBeLessThan(2.5)
  })
})

describe('the overview', () => {
  it('follows a spine that leans to the side', () => {
    const leaning = [1, 2, 3, 4, 5].map((label) => ({
      ...segmentation.vertebrae[0],
      label,
      centreLps: [4 * label - 12, 0, 45 - 15 * label] as Vec3,
    }))
    const { volume } = study(LAYOUTS[0][1])
    const sheet = overviewSheet(volume, leaning)
    const middleRow = (60.5 - 0) / sheet.spacingMm
    expect(sheet.toLps(0, middleRow)[0]).toBeCloseTo(0, 1)
    expect(sheet.toLps(0, 0)[0]).toBeCloseTo(-8, 1)
    expect(sheet.toLps(0, sheet.height)[0]).toBeCloseTo(8, 1)
  })

  it('is at most 150 mm deep and 260 mm high', () => {
    const volume: Volume = {
      data: new Int16Array(8),
      shape: [2, 2, 2],
      ijkToLps: affine([400, 0, 0], [0, 400, 0], [0, 0, 400], [-200, -200, -200]),
    }
    const { width, height, spacingMm } = overviewSheet(volume, [])
    expect([width * spacingMm, height * spacingMm]).toEqual([150, 433 * 0.6])
  })

  it('is drawn without outlines when no vertebra was found', () => {
    const { volume } = study(LAYOUTS[0][1])
    const nothing = { labels: { ...labels, data: new Uint8Array(labels.data.length) }, vertebrae: [] }
    const [overview, ...more] = makeFigures({ volume, segmentation: nothing, vertebrae: [] })
    expect(overview.outlines).toEqual([])
    expect(more).toEqual([])
  })
})

it('contours are closed and keep apart what touches at a corner', () => {
  const loops = contours(
    { values: Float32Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0), width: 4, height: 4 },
    0.5,
  )
  expect(loops.map((l) => l.length)).toEqual([4, 4])
})
