import { invert, type Mat4, transform, type Vec3 } from '../../volume/geometry.ts'
import { createGrain } from '../anatomy/grain.ts'
import type { Part } from '../anatomy/parts.ts'
import type { Spine } from '../anatomy/spine.ts'
import type { Injury } from '../fractures/injury.ts'
import type { Random } from '../random.ts'
import type { Skin } from '../tissue/skin.ts'
import type { Soft } from '../tissue/soft.ts'
import { type Artefact, createArtefacts } from './artefacts.ts'
import { addMetalStreaks } from './metal.ts'
import { jolt } from './motion.ts'
import { blendWeights, createNoise, createStreaks, type NoiseTile, TILE } from './noise.ts'
import type { Motion, ScanPlan } from './plan.ts'
import { aim, renderBone, renderSoft, type Slice } from './render.ts'
import { type Starvation, starve } from './starvation.ts'
import type { View } from './view.ts'

/** HU that CT stores, [min, max]; 12 bits with the usual intercept. */
export const HU_RANGE = [-1024, 3071] as const

export type Scan = {
  readonly hu: Int16Array
  readonly labels: Uint8Array
  readonly fractureMask: Uint8Array
  readonly artefacts: readonly Artefact[]
}

export function scan(options: {
  readonly plan: ScanPlan
  readonly view: View
  readonly ijkToPatient: Mat4
  readonly parts: readonly Part[]
  readonly injuries: ReadonlyMap<string, Injury>
  readonly soft: Soft
  readonly skin: Skin
  readonly spine: Spine
  /** Pieces of metal, patient frame, mm. */
  readonly metal: readonly Vec3[]
  readonly random: Random
}): Scan {
  const { plan, view, ijkToPatient: m, parts, injuries, soft, skin, spine, random } = options
  const { pixelMm, intervalMm, thicknessMm, enhance } = plan
  const [slices, size] = view.grid.shape
  const count = size * size
  const sigmaMm = Math.hypot(plan.psfMm, plan.reconMm * 0.3)
  const noise = createNoise(random.fork('noise'), plan.psfMm, pixelMm)
  const streaks = createStreaks(random.fork('streaks'), plan.psfMm, pixelMm)
  const offsets = Array.from({ length: slices + 2 }, () => [
    Math.floor(random.next() * TILE),
    (random.next() * TILE) | 0,
  ])
  const weights = blendWeights(plan.noiseLag)
  const grain = createGrain(random.fork('grain'))
  const targets = parts.map((p) => aim(p, injuries.get(p.name), m, sigmaMm))
  const toIjk = invert(m)
  const metal = options.metal.map((p) => transform(toIjk, p))
  const sparks = random.fork('metal')
  const jolted = joltedSlices(plan.motion, spine, toIjk, intervalMm)
  const artefacts = createArtefacts()
  const total = slices * count
  const out = {
    hu: new Int16Array(total),
    labels: new Uint8Array(total),
    fractureMask: new Uint8Array(total),
  }
  const sub = Math.max(1, Math.round(thicknessMm / 1.5))
  const sum = new Float32Array(count)
  const single = new Float32Array(count)
  const nearest = new Float32Array(count)
  const rows = new Float32Array(count)
  const edged = new Float32Array(count)
  // The body's outline changes slowly: it is measured every 3 mm.
  const every = Math.max(1, Math.round(3 / intervalMm))
  let starvation: Starvation | undefined
  for (let k = 0; k < slices; k++) {
    if (sub > 1) sum.fill(0)
    nearest.fill(9)
    const slice: Slice = {
      hu: single,
      label: out.labels.subarray(k * count, (k + 1) * count),
      fracture: out.fractureMask.subarray(k * count, (k + 1) * count),
      nearest,
    }
    for (let s = 0; s < sub; s++) {
      const height = k + ((s + 0.5) / sub - 0.5) * (thicknessMm / intervalMm)
      renderSoft(soft, m, height, size, sigmaMm * 1.3, slice.hu)
      for (const target of targets) renderBone(target, grain, height, size, view.scale, slice)
      if (sub > 1) for (let n = 0; n < count; n++) sum[n] += slice.hu[n] / sub
    }
    const hu = sub > 1 ? sum : slice.hu
    if (plan.motion && k >= jolted[0] && k < jolted[1]) {
      jolt({ motion: plan.motion, size, pixelMm, hu, masks: [slice.label, slice.fracture], scratch: rows })
      artefacts.note('motion-step', k, slice.label, size, () => true)
    }
    const crisp = enhance > 0 ? sharpen(hu, size, enhance, rows, edged) : hu
    if (metal.some(([, , z]) => Math.abs(z - k) * intervalMm < 9)) {
      rows.fill(0)
      addMetalStreaks({
        ...{ out: rows, size, pixelMm, centres: metal, k, intervalMm },
        ...{ strengthHu: plan.metalHu, random: sparks },
      })
      for (let n = 0; n < count; n++) if (crisp[n] > -900) crisp[n] += rows[n]
      artefacts.note('streak', k, slice.label, size, (n) => Math.abs(rows[n]) > STREAK_HU)
    }
    if (!starvation || k % every === 0)
      starvation = starve({
        skin,
        at: (j) => transform(m, [(size - 1) / 2, j, k]),
        rows: size,
        pixelMm,
        strength: plan.starvation,
        noiseHu: plan.noiseHu,
        hardeningHu: plan.hardeningHu,
      })
    const { streakHu } = starvation
    if (streakHu.some((hu) => hu > STREAK_HU))
      artefacts.note('streak', k, slice.label, size, (n) => streakHu[(n / size) | 0] > STREAK_HU)
    expose(
      crisp,
      out.hu.subarray(k * count, (k + 1) * count),
      size,
      { tile: noise, hu: plan.noiseHu * starvation.grain, weights, offsets: offsets.slice(k, k + 3) },
      { tile: streaks, starvation },
      plan.padded,
    )
  }
  return { ...out, artefacts: artefacts.found() }
}

/** Streaks of this deviation are as strong as the edge of a fracture in spongy bone, HU. */
const STREAK_HU = 60

/** Slices [from, to) during which the patient moved. */
function joltedSlices(
  motion: Motion | null,
  spine: Spine,
  toIjk: Mat4,
  intervalMm: number,
): [number, number] {
  if (!motion) return [0, 0]
  const k = Math.round(transform(toIjk, spine.at(motion.level, 0, 0))[2])
  return [k, k + Math.max(1, Math.round(motion.lengthMm / intervalMm))]
}

/** Adds noise and stores what 12 bits hold. Slice k's noise is a blend of three tiles, so that slices correlate. */
function expose(
  from: Float32Array,
  to: Int16Array,
  size: number,
  grain: {
    readonly tile: NoiseTile
    readonly hu: number
    readonly weights: readonly [number, number]
    /** Of the tiles for k - 1, k and k + 1. */
    readonly offsets: readonly (readonly number[])[]
  },
  along: { readonly tile: NoiseTile; readonly starvation: Starvation },
  padded: boolean,
): void {
  const { tile } = grain
  const streaks = along.tile
  const { streakHu, darkHu } = along.starvation
  const [wa, wb] = grain.weights.map((w) => w * grain.hu)
  const [[xb, yb], [xa, ya], [xc, yc]] = grain.offsets
  const mask = TILE - 1
  const half = (size - 1) / 2
  const radius = half + 0.5
  for (let j = 0, n = 0; j < size; j++) {
    const a = ((j + ya) & mask) * TILE
    const b = ((j + yb) & mask) * TILE
    const c = ((j + yc) & mask) * TILE
    const dark = darkHu[j]
    const sa = grain.weights[0] * streakHu[j]
    const sb = grain.weights[1] * streakHu[j]
    const chord = padded ? Math.sqrt(Math.max(0, radius * radius - (j - half) ** 2)) : size
    for (let i = 0; i < size; i++, n++) {
      const ia = (i + xa) & mask
      const ib = (i + xb) & mask
      const ic = (i + xc) & mask
      let v = wa * tile[a + ia] + wb * (tile[b + ib] + tile[c + ic])
      if (sa > 0.5) v += sa * streaks[a + ia] + sb * (streaks[b + ib] + streaks[c + ic])
      const hu = from[n]
      v = hu < -700 ? hu + AIR_NOISE * v : hu + v - dark
      if (i - half > chord || half - i > chord) v = HU_RANGE[0]
      to[n] = v < HU_RANGE[0] ? HU_RANGE[0] : v > HU_RANGE[1] ? HU_RANGE[1] : ((v + 4096.5) | 0) - 4096
    }
  }
}

/** Noise in air against that in tissue; measured beside heads and shoulders: a third. */
const AIR_NOISE = 0.35

/** Unsharp masking with a 5-tap blur: the overshoot that a bone kernel gives edges. */
function sharpen(
  hu: Float32Array,
  size: number,
  amount: number,
  rows: Float32Array,
  out: Float32Array,
): Float32Array {
  for (let j = 0; j < size; j++) {
    const base = j * size
    for (let i = 0; i < size; i++) {
      const a = base + (i < 2 ? 0 : i - 2)
      const b = base + (i > size - 3 ? size - 1 : i + 2)
      const c = base + (i < 1 ? 0 : i - 1)
      const d = base + (i > size - 2 ? size - 1 : i + 1)
      rows[base + i] = 0.0625 * (hu[a] + hu[b]) + 0.25 * (hu[c] + hu[d]) + 0.375 * hu[base + i]
    }
  }
  for (let j = 0; j < size; j++) {
    const a = (j < 2 ? 0 : j - 2) * size
    const b = (j > size - 3 ? size - 1 : j + 2) * size
    const c = (j < 1 ? 0 : j - 1) * size
    const d = (j > size - 2 ? size - 1 : j + 1) * size
    const e = j * size
    for (let i = 0; i < size; i++) {
      const low =
        0.0625 * (rows[a + i] + rows[b + i]) + 0.25 * (rows[c + i] + rows[d + i]) + 0.375 * rows[e + i]
      out[e + i] = hu[e + i] + amount * (hu[e + i] - low)
    }
  }
  return out
}
