import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { readNiftiLabels } from '../../nifti/read.ts'
import { writeNifti } from '../../nifti/write.ts'
import { invert, type Mat4, multiply, transform, type Vec3 } from '../../volume/geometry.ts'
import type { LabelVolume } from '../../volume/volume.ts'
import type { Solid } from '../anatomy/landmarks.ts'
import { boxOf, fetch } from '../anatomy/lattice.ts'
import { boundsIn, buildParts, buildVertebrae, type Part } from '../anatomy/parts.ts'
import { planHead } from '../anatomy/skull.ts'
import { poseSpine, VERTEBRAE } from '../anatomy/spine.ts'
import type { Template } from '../families.ts'
import { createRandom } from '../random.ts'
import { synthesize } from '../synthesize.ts'
import { buildTemplate, castMould, checkTemplate, type Mould } from './template.ts'

const SECONDS = 600_000
const UNHURT = { wedgeDeg: [], lossMm: [], slipMm: [0, 0, 0] } as const

/** C1 to T3 of the parametric family as an expert's map of 1 x 1 x 1.25 mm, stored sagittally like many in VerSe. */
function drawMap(): { labels: LabelVolume; vertebrae: readonly Solid[]; poses: readonly Mat4[] } {
  const random = createRandom('map')
  const vertebrae = buildVertebrae(random)
  const { poses } = poseSpine(createRandom('pose'), UNHURT)
  const size = [110, 190, 220]
  const ijkToLps = [0, 0, 1, -55, 1, 0, 0, -60, 0, 1.25, 0, -190, 0, 0, 0, 1]
  const data = new Uint8Array(size[0] * size[1] * size[2])
  const lpsToIjk = invert(ijkToLps)
  const [ni, nj, nk] = [size[1], size[2], size[0]]
  vertebrae.slice(0, 10).forEach((v, index) => {
    const lattice = v.lattice(1)
    const { min, max } = boundsIn(multiply(lpsToIjk, poses[index]), boxOf(lattice))
    const toLocal = multiply(invert(poses[index]), ijkToLps)
    for (let k = Math.floor(min[2]); k <= max[2]; k++)
      for (let j = Math.floor(min[1]); j <= max[1]; j++)
        for (let i = Math.floor(min[0]); i <= max[0]; i++) {
          const [x, y, z] = transform(toLocal, [i, j, k])
          if (i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk) continue
          if (fetch(lattice, x, y, z) < 0) data[(k * nj + j) * ni + i] = index + 1
        }
  })
  const file = writeNifti({ data, shape: [nk, nj, ni], ijkToLps })
  return { labels: readNiftiLabels(file), vertebrae, poses }
}

/** Smallest distance from inside a to b, mm; negative where they overlap. */
function gapBetween(a: Part, b: Part): number {
  const m = multiply(invert(b.pose), a.pose)
  const { data, nodes, origin, stepMm } = a.lattice
  let least = 99
  let n = 0
  for (let z = 0; z < nodes[2]; z++)
    for (let y = 0; y < nodes[1]; y++)
      for (let x = 0; x < nodes[0]; x++, n++) {
        if (data[n] > 0 || data[n] < -2) continue
        const p = transform(m, [origin[0] + x * stepMm, origin[1] + y * stepMm, origin[2] + z * stepMm])
        least = Math.min(least, fetch(b.lattice, p[0], p[1], p[2]))
      }
  return least
}

const volumeMm3 = ({ data, stepMm }: { data: Float32Array; stepMm: number }) =>
  data.reduce((s, d) => s + (d < 0 ? stepMm ** 3 : 0), 0)

function without(labels: LabelVolume, label: number): LabelVolume {
  return { ...labels, data: labels.data.map((v) => (v === label ? 0 : v)) }
}

describe('a template from a map of known vertebrae', { timeout: SECONDS }, () => {
  let map: ReturnType<typeof drawMap>
  let mould: Mould
  let template: Template
  beforeAll(() => {
    map = drawMap()
    mould = castMould(map.labels, 'map')
    template = buildTemplate(map.labels, 'map')
  }, SECONDS)

  test('measures what the formulas put in', () => {
    for (let i = 2; i < 8; i++) {
      const found = mould.casts[i].marks
      const truth = map.vertebrae[i].marks
      const near = (a: number, b: number, mm: number, what: string) =>
        expect(Math.abs(a - b), `${VERTEBRAE[i]} ${what}: ${a.toFixed(1)}, not ${b.toFixed(1)}`).toBeLessThan(
          mm,
        )
      near(found.depth, truth.depth, 3, 'depth')
      near(found.height, truth.height, 3.5, 'height')
      // The frame found is square to the end plates, which slope in the formulas' own.
      const toFound = multiply(invert(mould.frames[i]), map.poses[i])
      const tip = transform(toFound, truth.spinousTip)
      const pillar = transform(toFound, truth.pillar)
      near(found.spinousTip[1], tip[1], 4, 'spinous tip')
      near(found.pillar[0], pillar[0], 4, 'pillar')
      near(found.pillar[1], pillar[1], 4, 'pillar')
    }
  })

  test('keeps the volume of each vertebra', () => {
    for (let i = 0; i < 8; i++) {
      const share = volumeMm3(mould.casts[i].lattice) / volumeMm3(map.vertebrae[i].lattice(1))
      expect(share, VERTEBRAE[i]).toBeGreaterThan(0.9)
      expect(share, VERTEBRAE[i]).toBeLessThan(1.1)
    }
  })

  test('makes what the map lacks from its lowest vertebra', () => {
    expect(mould.casts).toHaveLength(VERTEBRAE.length)
    expect(mould.casts[11].lattice).toBe(mould.casts[9].lattice)
    expect(mould.casts[11].growth).toBeGreaterThan(mould.casts[10].growth)
  })

  test('is refused without C1 or C7, or with a vertebra cut off', () => {
    expect(() => checkTemplate(without(map.labels, 1), 'a.nii')).toThrow(
      'a.nii cannot be a template: it has no C1',
    )
    expect(() => buildTemplate(without(map.labels, 7), 'a.nii')).toThrow('it has no C7')
    const [nz, ny, nx] = map.labels.shape
    const top = map.labels.data.slice()
    // A field of view that ends within C1: its upper slices are gone.
    const highest = Math.floor(top.lastIndexOf(1) / (ny * nx))
    const cut = {
      ...map.labels,
      shape: [highest - 4, ny, nx] as const,
      data: top.slice(0, (highest - 4) * ny * nx),
    }
    expect(nz).toBeGreaterThan(highest)
    expect(() => checkTemplate(cut, 'a.nii')).toThrow('its edge cuts C1')
  })

  test('deforms into necks whose bones never meet', () => {
    for (const seed of [1, 2]) {
      const random = createRandom(seed)
      const { vertebrae, rest } = template.deform(random.fork('shape'))
      vertebrae.slice(0, 9).forEach((v, i) => {
        const share = volumeMm3(v.lattice(1)) / volumeMm3(mould.casts[i].lattice)
        expect(share, `${VERTEBRAE[i]} of seed ${seed}`).toBeGreaterThan(0.55)
        expect(share, `${VERTEBRAE[i]} of seed ${seed}`).toBeLessThan(1.8)
      })
      const parts = buildParts({
        spine: poseSpine(random.fork('spine'), UNHURT, rest),
        vertebrae,
        head: planHead(random.fork('head')),
        armsUp: false,
        view: { min: [-60, -60, -130], max: [60, 90, 90] },
        stepMm: 1.2,
        random: random.fork('parts'),
      })
      const named = (name: string) => parts.find((p) => p.name === name) as Part
      const chain = ['skull', ...VERTEBRAE.slice(0, 9)]
      for (let i = 1; i < chain.length; i++)
        expect(gapBetween(named(chain[i - 1]), named(chain[i])), `${chain[i]}, seed ${seed}`).toBeGreaterThan(
          0.5,
        )
    }
  })

  test('gives other bytes than the formulas, the same for the same seed, and says what it is', () => {
    const options = { seed: 3, preset: 'small', family: 'template', templates: [template] } as const
    const study = synthesize(options)
    expect(study.truth.family).toBe('template')
    expect(study.truth.template).toBe('map')
    const again = synthesize(options)
    expect(again.volume.data.every((v, n) => v === study.volume.data[n])).toBe(true)
    expect(again.truth).toEqual(study.truth)
    const plain = synthesize({ seed: 3, preset: 'small' })
    expect(plain.truth).toMatchObject({ family: 'parametric', template: null })
    expect(
      plain.volume.data.length === study.volume.data.length &&
        plain.volume.data.every((v, n) => v === study.volume.data[n]),
    ).toBe(false)
    // Each vertebra lies below the one above it.
    const sums = Array.from({ length: 20 }, () => [0, 0])
    study.labels.data.forEach((l, n) => {
      sums[l][0]++
      sums[l][1] += Math.floor(n / study.labels.shape[1] / study.labels.shape[2])
    })
    const height = (label: number) =>
      transform(study.labels.ijkToLps, [0, 0, sums[label][1] / sums[label][0]])[2]
    for (let label = 2; label <= 8; label++) expect(height(label - 1) - height(label)).toBeGreaterThan(7)
  })

  test('the template family needs a template', () => {
    expect(() => synthesize({ seed: 1, preset: 'small', family: 'template' })).toThrow(
      'needs at least one label map',
    )
  })
})

const GL003 = new URL('../../../../../../shared/data/verse-gl003/', import.meta.url)
const MAP = new URL('sub-gl003_dir-ax_seg-vert_msk.nii.gz', GL003)
/**
 * Counted in the voxels of gl003 with NumPy, mm: depth of the body through the expert's centroid, half of the
 * vertebra's width, and how far behind the centroid the spinous process ends, in the axial plane.
 */
const COUNTED: Readonly<Record<number, readonly [depth: number, half: number, tip: number]>> = {
  3: [17.2, 27.6, 34.3],
  4: [18, 29.1, 32.6],
  6: [21.8, 29.8, 42.2],
  7: [19.5, 34.6, 51.2],
  8: [18.9, 38.3, 53],
  9: [18.9, 35.6, 55.9],
  11: [23, 32.9, 59.7],
}

describe('VerSe gl003', { timeout: SECONDS }, () => {
  test.skipIf(!existsSync(MAP))('is understood as its voxels and its expert centroids say', () => {
    const labels = readNiftiLabels(new Uint8Array(readFileSync(MAP)))
    const mould = castMould(labels, 'gl003')
    expect(mould.frames).toHaveLength(12)
    const centroids: { label?: number; X: number; Y: number; Z: number }[] = JSON.parse(
      readFileSync(new URL('sub-gl003_dir-ax_seg-subreg_ctd.json', GL003), 'utf8'),
    )
    for (const { label, X, Y, Z } of centroids) {
      if (label === undefined || label < 3) continue
      const expert = transform(labels.ijkToLps, [X, Y, Z])
      const [dx, dy, dz] = transform(invert(mould.frames[label - 1]), expert) as Vec3
      expect(Math.hypot(dx, dy, dz), `centre of ${VERTEBRAE[label - 1]}`).toBeLessThan(6)
    }
    for (const [label, [depth, half, tip]] of Object.entries(COUNTED)) {
      const { marks } = mould.casts[Number(label) - 1]
      const level = VERTEBRAE[Number(label) - 1]
      expect(Math.abs(marks.depth - depth), `depth of ${level}`).toBeLessThan(2.5)
      expect(Math.abs(marks.transverseTip[0] - half), `width of ${level}`).toBeLessThan(2)
      const lean = (mould.leanDeg[Number(label) - 1] * Math.PI) / 180
      const behind = marks.spinousTip[1] * Math.cos(lean) - marks.spinousTip[2] * Math.sin(lean)
      expect(Math.abs(behind - tip), `spinous process of ${level}: ${behind}`).toBeLessThan(4)
    }
  })
})
