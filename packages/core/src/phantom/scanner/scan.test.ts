import { expect, test } from 'vitest'
import { invert, multiply, transform } from '../../volume/geometry.ts'
import { boundsIn, buildParts, buildVertebrae, landmarksOf, type Part } from '../anatomy/parts.ts'
import { planHead } from '../anatomy/skull.ts'
import { poseSpine } from '../anatomy/spine.ts'
import { PRESETS } from '../presets.ts'
import { createRandom } from '../random.ts'
import { buildAirways, buildLayers } from '../tissue/layers.ts'
import { buildSkin } from '../tissue/skin.ts'
import { buildSoft } from '../tissue/soft.ts'
import { buildMetal } from './metal.ts'
import { type Motion, planScan, type ScanPlan } from './plan.ts'
import { scan } from './scan.ts'
import { placeView } from './view.ts'

const none = Array.from({ length: 19 }, () => 0)
const preset = PRESETS.small
const drawn = planScan(preset, createRandom(0))
/** A scanner without any fault. */
const CLEAN: ScanPlan = {
  ...drawn,
  ...{
    kernel: 'standard',
    psfMm: 0.5,
    enhance: 0,
    noiseHu: 0,
    noiseLag: 0.35,
    starvation: 0,
    hardeningHu: 0,
  },
  ...{ tiltDeg: 0, motion: null, restorations: 0, metalHu: 0, padded: false },
  ...{ armsUp: false, collar: false, endotrachealTube: false, nasogastricTube: false },
}

/** One patient of few bones under scanners that differ in one thing. */
function scanWith(change: Partial<ScanPlan>) {
  const plan = { ...CLEAN, ...change }
  const random = createRandom(4)
  const spine = poseSpine(random.fork('spine'), { wedgeDeg: none, lossMm: none, slipMm: [0, 0, 0] })
  const vertebrae = buildVertebrae(random.fork('vertebrae'))
  const head = planHead(random.fork('head'))
  const view = placeView(spine, preset, plan, random.fork('view'))
  const ijkToPatient = multiply(invert(view.patientToLps), view.grid.ijkToLps)
  const [slices, rows, columns] = view.grid.shape
  const seen = boundsIn(ijkToPatient, { min: [-1, -1, -1], max: [columns, rows, slices] })
  const body = { spine, head, view: seen, random }
  const parts: readonly Part[] = buildParts({ ...body, vertebrae, armsUp: plan.armsUp, stepMm: 1.6 })
  const skin = buildSkin(spine, head, plan.armsUp, random.fork('skin'))
  const metal = buildMetal(head.teeth, plan.restorations, spine.skull, 1.6, random.fork('metal'))
  const layers = buildLayers({
    spine,
    head,
    marks: landmarksOf(vertebrae),
    random: createRandom(5),
    bloodHu: 45,
  })
  const airways = buildAirways({ spine, head, random: createRandom(6), swellingMm: () => 0 })
  const soft = buildSoft({
    ...{ layers, airways, skin, table: undefined, collar: undefined, bands: [], view: seen, stepMm: 3 },
    random: createRandom(7),
  })
  return {
    view,
    ...scan({
      ...{ plan, view, ijkToPatient, injuries: new Map(), soft, skin, spine },
      parts: metal ? [...parts, metal.part] : parts,
      metal: metal ? metal.centres.map((p) => transform(spine.skull, p)) : [],
      random: createRandom(8),
    }),
  }
}

const clean = scanWith({})
const [slices, size] = clean.view.grid.shape
const count = size * size
const sliceOfLabel = (label: number, labels = clean.labels): number => {
  const at: number[] = []
  labels.forEach((l, n) => {
    if (l === label) at.push(Math.floor(n / count))
  })
  return at.sort((a, b) => a - b)[at.length >> 1]
}
/** What a change of the scanner adds, in voxels that are tissue in both and far from what 12 bits hold. */
const added = (hu: Int16Array, k: number): (number | null)[] =>
  Array.from({ length: count }, (_, i) => {
    const n = k * count + i
    return clean.hu[n] > -300 && clean.hu[n] < 300 ? hu[n] - clean.hu[n] : null
  })
const deviation = (values: readonly (number | null)[]): number => {
  const known = values.filter((v) => v !== null)
  return Math.sqrt(known.reduce((s, v) => s + v * v, 0) / known.length)
}

test('noise has the deviation of the plan, and slices correlate as planned', () => {
  for (const noiseLag of [0.2, 0.6]) {
    const { hu } = scanWith({ noiseHu: 20, noiseLag })
    const k = sliceOfLabel(4)
    const noise = [k, k + 1, k + 2].map((z) => added(hu, z))
    expect(deviation(noise[0])).toBeGreaterThan(18)
    expect(deviation(noise[0])).toBeLessThan(26)
    const product = (a: number, b: number) => {
      const pairs = noise[a].map((v, i) =>
        v === null || noise[b][i] === null ? null : v * (noise[b][i] ?? 0),
      )
      const known = pairs.filter((v) => v !== null)
      return known.reduce((s, v) => s + v, 0) / known.length / (deviation(noise[a]) * deviation(noise[b]))
    }
    expect(product(0, 1)).toBeGreaterThan(noiseLag - 0.07)
    expect(product(0, 1)).toBeLessThan(noiseLag + 0.07)
    expect(Math.abs(product(0, 2))).toBeLessThan(0.2)
  }
})

test('shoulders are noisier than the neck, less so with arms up', () => {
  const noisy = { noiseHu: 20, starvation: 1, hardeningHu: 20 }
  const down = scanWith(noisy).hu
  const shoulders = slices - 2
  expect(deviation(added(down, shoulders))).toBeGreaterThan(1.6 * deviation(added(down, sliceOfLabel(4))))
  // Another body: its noise is told from its own clean scan.
  const grain = (armsUp: boolean) => {
    const a = scanWith({ ...noisy, armsUp }).hu.subarray(shoulders * count)
    const b = scanWith({ armsUp }).hu.subarray(shoulders * count)
    return deviation(Array.from(b, (hu, i) => (hu > -300 && hu < 300 ? a[i] - hu : null)))
  }
  expect(grain(true)).toBeLessThan(0.9 * grain(false))
})

test('a tilted gantry shears the volume, and labels stay on bone', () => {
  const { hu, labels, view } = scanWith({ tiltDeg: 12 })
  const m = view.grid.ijkToLps
  expect(Math.atan2(m[9], m[5]) / (Math.PI / 180)).toBeCloseTo(12, 6)
  expect([m[2], m[6]]).toEqual([0, 0])
  let bone = 0
  let voxels = 0
  labels.forEach((l, n) => {
    if (!l) return
    voxels++
    bone += hu[n]
  })
  expect(voxels).toBeGreaterThan(5000)
  expect(bone / voxels).toBeGreaterThan(250)
  // The same vertebra lies at the same place in the patient.
  const place = (scanned: { labels: Uint8Array; view: typeof view }) => {
    const sum = [0, 0, 0]
    let of = 0
    scanned.labels.forEach((l, n) => {
      if (l !== 4) return
      const p = transform(scanned.view.grid.ijkToLps, [
        n % size,
        Math.floor(n / size) % size,
        Math.floor(n / count),
      ])
      for (const a of [0, 1, 2]) sum[a] += p[a]
      of++
    })
    return sum.map((v) => v / of)
  }
  const straight = place(clean)
  place({ labels, view }).forEach((v, a) => {
    expect(Math.abs(v - straight[a])).toBeLessThan(1)
  })
})

test('metal is as bright as 12 bits hold, and its streaks cross the slices of the teeth only', () => {
  const { hu } = scanWith({ restorations: 5, metalHu: 300 })
  const far: number[] = []
  for (let k = 0; k < slices; k++) far.push(deviation(added(hu, k)))
  expect(hu.some((v) => v === 3071)).toBe(true)
  expect(Math.max(...far)).toBeGreaterThan(25)
  const neck = sliceOfLabel(6)
  expect(far[neck]).toBe(0)
})

test('a jerk shifts the slices it lasts for, image and labels alike, and is listed', () => {
  const motion: Motion = { kind: 'step', level: 4, lengthMm: 8, shiftMm: [0, 6.4] }
  const { labels, artefacts, view } = scanWith({ motion })
  const rowOf = (data: Uint8Array, k: number) => {
    let sum = 0
    let of = 0
    for (let n = 0; n < count; n++)
      if (data[k * count + n]) {
        sum += Math.floor(n / size)
        of++
      }
    return sum / of
  }
  const listed = artefacts.find((a) => a.type === 'motion-step' && a.level === 'C4')
  expect(listed).toBeDefined()
  const at = listed?.boxes.map((b) => b.sliceIndex) ?? []
  const rows = 6.4 / Math.hypot(view.grid.ijkToLps[1], view.grid.ijkToLps[5], view.grid.ijkToLps[9])
  expect(rowOf(labels, at[0]) - rowOf(clean.labels, at[0])).toBeCloseTo(rows, 0)
  const before = Math.min(...at) - 2
  expect(rowOf(labels, before)).toBeCloseTo(rowOf(clean.labels, before), 6)
})

test('the same plan and seed give the same bytes', () => {
  const plan = { noiseHu: 30, starvation: 1, restorations: 2, metalHu: 200, padded: true }
  const a = scanWith(plan).hu
  expect(scanWith(plan).hu.every((v, n) => v === a[n])).toBe(true)
})
