import { affine, type Mat4, transform, type Vec3 } from '../../volume/geometry.ts'
import type { Grid } from '../../volume/volume.ts'
import { rotation, type Spine, shifted } from '../anatomy/spine.ts'
import type { Preset } from '../presets.ts'
import type { Random } from '../random.ts'
import type { ScanPlan } from './plan.ts'

/** How the patient lies in the scanner and what it images. */
export type View = {
  readonly grid: Grid
  /** Patient frame (nominal size, origin C4) to LPS: size, tilt and place on the table. */
  readonly patientToLps: Mat4
  /** Size of the patient against the nominal one. */
  readonly scale: number
}

const DEG = Math.PI / 180

export function placeView(spine: Spine, preset: Preset, plan: ScanPlan, random: Random): View {
  const { coarse, columns, pixelMm: pixel, intervalMm: slice } = plan
  const scale = Math.max(0.84, Math.min(1.13, 0.985 + 0.055 * random.normal()))
  const turn = rotation(random.normal() * 2.5 * DEG, random.normal() * 2 * DEG, random.normal() * 3 * DEG)
  const sized = turn.map((v, i) => (i < 12 ? v * scale : v))
  const patientToLps = shifted(sized, [
    random.range(-15, 15),
    random.range(-160, -40),
    random.range(-400, 100),
  ])
  const place = (level: number, x: number, y: number) => transform(patientToLps, spine.at(level, x, y))
  const c1 = place(1, 0, 0)[2]
  const c7 = place(7.4, 0, 0)[2]
  let slices = Math.round(random.range(...preset.slices))
  const length = preset.lengthMm ? random.range(...preset.lengthMm) : slices * slice
  if (preset.lengthMm) slices = Math.max(24, Math.min(Math.round(length / slice), coarse ? 140 : 300))
  const kind = random.next()
  const thorax = kind < preset.thoraxShare
  const truncated = !thorax && kind < preset.thoraxShare + preset.truncatedShare
  // Aim: some skull above C1, C7 and part of the thorax below; what is left over is shared by chance.
  const spare = length - (c1 - c7) - 45
  let top = c1 + 25 + Math.max(0, spare) * random.range(0.05, 0.6)
  if (spare < 0) top = c1 + 25 + spare / 2
  top = Math.min(top, c1 + 105)
  if (preset.topMm) top = c1 + random.range(...preset.topMm)
  if (thorax) top = place(7.75, 0, 0)[2] - random.range(0, 25)
  if (truncated) {
    if (random.chance(0.45)) top = c1 + random.range(-75, 12)
    else {
      const bottom = place(random.range(4.6, 8), 0, 0)[2]
      if (random.chance(0.6)) slices = Math.max(24, Math.round((top - bottom) / slice))
      else top = bottom + slices * slice
      top = Math.min(top, c1 + 130)
    }
  }
  const middle = place(thorax ? 10 : 4.5, 0, 0)
  const off = coarse ? 35 : preset.columns.length > 1 ? 22 : 12
  const centre = [
    middle[0] + Math.max(-off, Math.min(off, (random.normal() * off) / 2)),
    middle[1] + (coarse ? -10 : 0) + Math.max(-off, Math.min(off, (random.normal() * off) / 2)),
  ]
  const upwards = random.chance(0.15)
  const step = upwards ? slice : -slice
  // Planes tilt about the left-right axis; the table still moves along z, so that slices are sheared.
  const tilt = plan.tiltDeg * DEG
  const down: Vec3 = [0, pixel * Math.cos(tilt), pixel * Math.sin(tilt)]
  const half = (columns - 1) / 2
  return {
    grid: {
      shape: [slices, columns, columns],
      ijkToLps: affine(
        [pixel, 0, 0],
        down,
        [0, 0, step],
        [
          centre[0] - half * pixel,
          centre[1] - half * down[1],
          (upwards ? top - (slices - 1) * slice : top) - half * down[2],
        ],
      ),
    },
    patientToLps,
    scale,
  }
}

/** The view's slices within half a length of a level instead of all, whether or not it had them. */
export function narrow(view: View, spine: Spine, level: number, lengthMm: number): View {
  const { shape, ijkToLps } = view.grid
  const z = transform(view.patientToLps, spine.at(level, 0, 0))[2]
  const step = ijkToLps[10]
  const count = Math.round(lengthMm / Math.abs(step))
  // The middle of a slice, where a tilted one has the height that it is named by.
  const at = transform(ijkToLps, [shape[2] / 2, shape[1] / 2, 0])[2]
  const first = Math.round((z - at) / step - count / 2)
  const moved = ijkToLps.map((v, n) => (n === 11 ? v + first * step : v))
  return { ...view, grid: { shape: [count, shape[1], shape[2]], ijkToLps: moved } }
}
