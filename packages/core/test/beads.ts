import { LEVELS, type Level } from '../src/levels.ts'
import { PRESETS } from '../src/phantom/presets.ts'
import { createRandom } from '../src/phantom/random.ts'
import { planScan } from '../src/phantom/scanner/plan.ts'
import type { PhantomStudy } from '../src/phantom/study.ts'
import type { Mat4 } from '../src/volume/geometry.ts'

/** Distance between the middles of neighbouring beads, mm. */
export const PITCH_MM = 18

export type Beads = {
  readonly spacingMm?: readonly [x: number, y: number, z: number]
  /** First slice at the head, or at the feet. */
  readonly headFirst?: boolean
  /** Label of the highest and of the lowest bead. */
  readonly labels?: readonly [first: number, last: number]
  /** The vertebra with a sagittal cut 1 mm wide through its front half, 6 mm left of the middle. */
  readonly fractured?: Level
}

/**
 * A spine without anatomy: one bone-dense ellipsoid a vertebra, 56 x 44 x 16 mm, C4 at the origin, in soft tissue.
 * Larger from C1 to T1, so that a mask turned over does not fit.
 */
export function makeBeads(options: Beads = {}): PhantomStudy {
  const [dx, dy, dz] = options.spacingMm ?? [1, 1, 1]
  const [first, last] = options.labels ?? [1, 8]
  const [nx, ny, nz] = [Math.round(90 / dx), Math.round(80 / dy), Math.round(180 / dz)]
  const step = options.headFirst === false ? dz : -dz
  const ijkToLps: Mat4 = [
    dx,
    0,
    0,
    (-dx * (nx - 1)) / 2,
    0,
    dy,
    0,
    (-dy * (ny - 1)) / 2,
    0,
    0,
    step,
    (-step * (nz - 1)) / 2,
    0,
    0,
    0,
    1,
  ]
  const data = new Int16Array(nx * ny * nz).fill(40)
  const labels = new Uint8Array(data.length)
  const fractureMask = new Uint8Array(data.length)
  const index = options.fractured ? LEVELS.indexOf(options.fractured) + 1 : 0
  const box = { x: nx, y: ny, right: -1, bottom: -1 }
  const slices = new Set<number>()
  for (let k = 0, n = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, n++) {
        const x = ijkToLps[3] + dx * i
        const y = ijkToLps[7] + dy * j
        const z = ijkToLps[11] + step * k
        const label = Math.round(4 - z / PITCH_MM)
        if (label < first || label > last) continue
        const zc = (4 - label) * PITCH_MM
        const size = 0.8 + 0.025 * label
        if ((x / (28 * size)) ** 2 + (y / 22) ** 2 + ((z - zc) / 8) ** 2 > 1) continue
        labels[n] = label
        data[n] = 500
        if (label !== index || y > 0 || Math.abs(x - 6) > 0.5) continue
        data[n] = 40
        fractureMask[n] = 1
        slices.add(k)
        box.x = Math.min(box.x, i)
        box.y = Math.min(box.y, j)
        box.right = Math.max(box.right, i + 1)
        box.bottom = Math.max(box.bottom, j + 1)
      }
  const shape = [nz, ny, nx] as const
  const { x, y, right, bottom } = box
  const boxes = [...slices].map((sliceIndex) => ({ sliceIndex, x, y, width: right - x, height: bottom - y }))
  return {
    volume: { data, shape, ijkToLps },
    labels: { data: labels, shape, ijkToLps },
    fractureMask,
    truth: {
      seed: 0,
      preset: 'beads',
      family: 'parametric',
      template: null,
      scan: planScan(PRESETS.small, createRandom(0)),
      fractured: Object.fromEntries(LEVELS.map((l) => [l, l === options.fractured])) as Record<
        Level,
        boolean
      >,
      lookAlikes: [],
      fractures: options.fractured
        ? [
            {
              level: options.fractured,
              type: 'compression',
              severity: 1,
              centreLps: [6, -11, (4 - index) * PITCH_MM],
              boxes,
            },
          ]
        : [],
    },
  }
}
