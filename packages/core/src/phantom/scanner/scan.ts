import { type Mat4, transform } from '../../volume/geometry.ts'
import { createGrain } from '../anatomy/grain.ts'
import type { Part } from '../anatomy/parts.ts'
import type { Injury } from '../fractures/injury.ts'
import type { Random } from '../random.ts'
import type { Skin } from '../tissue/skin.ts'
import type { Soft } from '../tissue/soft.ts'
import { createNoise, createStreaks, TILE } from './noise.ts'
import { aim, renderBone, renderSoft, type Slice } from './render.ts'
import type { View } from './view.ts'

/** HU that CT stores, [min, max]; 12 bits with the usual intercept. */
export const HU_RANGE = [-1024, 3071] as const

export type Scan = { readonly hu: Int16Array; readonly labels: Uint8Array; readonly fractureMask: Uint8Array }

export function scan(options: {
  readonly view: View
  readonly ijkToPatient: Mat4
  readonly parts: readonly Part[]
  readonly injuries: ReadonlyMap<string, Injury>
  readonly soft: Soft
  readonly skin: Skin
  readonly random: Random
}): Scan {
  const { view, ijkToPatient: m, parts, injuries, soft, skin, random } = options
  const [slices, size] = view.grid.shape
  const count = size * size
  const sharp = random.chance(view.coarse ? 0.2 : 0.8)
  const blurMm = sharp ? random.range(0.28, 0.42) : random.range(0.5, 0.8)
  const sigmaMm = Math.hypot(blurMm, view.pixelMm * 0.3)
  const enhance = sharp ? random.range(0.2, 0.7) : 0
  const doseHu = (sharp ? random.range(16, 48) : random.range(6, 20)) * (view.coarse ? 0.7 : 1)
  const streakHu = random.range(0.2, 1.6) * doseHu
  const padded = random.chance(0.15)
  const noise = createNoise(random.fork('noise'), sharp)
  const streaks = createStreaks(random.fork('streaks'))
  const grain = createGrain(random.fork('grain'))
  const dental = random.chance(0.2) ? random.range(60, 350) : 0
  const targets = parts.map((p) => aim(p, injuries.get(p.name), m, sigmaMm))
  const teeth = targets.find((t) => t.part.name === 'teeth')
  const total = slices * count
  const out: Scan = {
    hu: new Int16Array(total),
    labels: new Uint8Array(total),
    fractureMask: new Uint8Array(total),
  }
  const sub = Math.max(1, Math.round(view.sliceMm / 1.5))
  const sum = new Float32Array(count)
  const single = new Float32Array(count)
  const nearest = new Float32Array(count)
  const rows = new Float32Array(count)
  const edged = new Float32Array(count)
  const half = (size - 1) / 2
  const phase = random.range(0, 6.28)
  const spokes = Math.floor(random.range(9, 21))
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
      const height = k + (s + 0.5) / sub - 0.5
      renderSoft(soft, m, height, size, sigmaMm * 1.3, slice.hu)
      for (const target of targets) renderBone(target, grain, height, size, view.scale, slice)
      if (sub > 1) for (let n = 0; n < count; n++) sum[n] += slice.hu[n] / sub
    }
    const hu = sub > 1 ? sum : slice.hu
    const crisp = enhance > 0 ? sharpen(hu, size, enhance, rows, edged) : hu
    // Attenuation grows with the body's width: noise and left-right streaks grow at the shoulders.
    const p = transform(m, [half, half, k])
    const wide = Math.max(0, (skin.half(p[2]) - 70) / 120)
    const grainHu = doseHu * (1 + 0.7 * wide)
    const streak = streakHu * (0.1 + 1.3 * wide * wide)
    const ox = Math.floor(random.next() * TILE)
    const oy = Math.floor(random.next() * TILE)
    const sx = Math.floor(random.next() * TILE)
    const sy = Math.floor(random.next() * TILE)
    const metal =
      dental && teeth && k > teeth.box.min[2] && k < teeth.box.max[2]
        ? dental * Math.abs(Math.sin(k * 1.3 + phase))
        : 0
    const centre =
      metal && teeth
        ? [(teeth.box.min[0] + teeth.box.max[0]) / 2, (teeth.box.min[1] + teeth.box.max[1]) / 2]
        : [0, 0]
    let n = 0
    for (let j = 0; j < size; j++) {
      const row = ((j + oy) & (TILE - 1)) * TILE
      const line = ((j + sy) & (TILE - 1)) * TILE
      for (let i = 0; i < size; i++, n++) {
        let v = crisp[n]
        const quiet = v < -700 ? 0.35 : 1
        v +=
          quiet *
          (grainHu * noise[row + ((i + ox) & (TILE - 1))] + streak * streaks[line + ((i + sx) & (TILE - 1))])
        if (metal) {
          const dx = i - centre[0]
          const dy = j - centre[1]
          const r = Math.sqrt(dx * dx + dy * dy) * view.pixelMm
          v += (metal * Math.sin(Math.atan2(dy, dx) * spokes + phase + k) * 30) / (30 + r)
        }
        if (padded && (i - half) ** 2 + (j - half) ** 2 > (half + 0.5) ** 2) v = HU_RANGE[0]
        out.hu[k * count + n] =
          v < HU_RANGE[0] ? HU_RANGE[0] : v > HU_RANGE[1] ? HU_RANGE[1] : ((v + 4096.5) | 0) - 4096
      }
    }
  }
  return out
}

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
