import type { Vec3 } from '../../volume/geometry.ts'
import { createGrain, grainAt } from '../anatomy/grain.ts'
import { type Bounds, createLattice, FAR_MM, type Lattice, sculpt } from '../anatomy/lattice.ts'
import { overlap } from '../anatomy/parts.ts'
import { add, type Shape } from '../anatomy/shapes.ts'
import type { Random } from '../random.ts'
import { type Collar, SHELL_MM } from './devices.ts'
import type { Layer } from './layers.ts'
import type { Skin } from './skin.ts'

/** All that is not bone, on one lattice in the patient's frame. */
export type Soft = {
  readonly hu: Lattice
  /** Distance into matter: positive in tissue and in the table, negative in air, mm. */
  readonly matter: Float32Array
}

/** A Gaussian darkening, patient frame: deviations in mm, depth in HU. */
export type Band = { readonly centre: Vec3; readonly sizes: Vec3; readonly hu: number }

/** Couch and headrest: thin shells around foam, as a trough under the patient. */
export type Table = { readonly y: number; readonly radius: number; readonly hu: number }

export function buildSoft(options: {
  readonly layers: readonly Layer[]
  readonly airways: readonly Shape[]
  readonly skin: Skin
  readonly table: Table | undefined
  readonly collar: Collar | undefined
  /** Dark bands that beam hardening leaves between dense bones. */
  readonly bands: readonly Band[]
  readonly view: Bounds
  readonly stepMm: number
  readonly random: Random
}): Soft {
  const { layers, airways, skin, table, collar, bands, view, stepMm, random } = options
  const hu = createLattice(view, stepMm, 0)
  const { nodes, origin } = hu
  const matter = new Float32Array(hu.data.length)
  const grain = createGrain(random)
  const fat = random.range(-115, -85)
  const deep = random.range(-105, -60)
  const marble = random.range(10, 30)
  // Half of what lies between two muscles, mm: more in old and unused ones.
  const planeMm = 0.15 + 1.1 * random.range(0, 1) ** 2
  const nx = nodes[0]
  const nxy = nx * nodes[1]
  let n = 0
  for (let iz = 0; iz < nodes[2]; iz++) {
    const z = origin[2] + iz * stepMm
    for (let iy = 0; iy < nodes[1]; iy++) {
      const y = origin[1] + iy * stepMm
      for (let ix = 0; ix < nx; ix++, n++) {
        const x = origin[0] + ix * stepMm
        const d = skin.sdf(x, y, z)
        matter[n] = Math.max(-FAR_MM, Math.min(FAR_MM, -d))
        if (d > -1.6) hu.data[n] = 10
        else {
          const fatMm = skin.fatMm * (y > 20 ? 1.5 : 0.8)
          const t = Math.max(0, Math.min(1, (-d - fatMm) / 3))
          hu.data[n] = fat + t * (deep + marble * grainAt(grain, x / 5, y / 5, z / 6) - fat)
        }
        if (collar && d > 0 && z > collar.bottom && z < collar.top) {
          const { gapMm, foamMm } = collar
          const middle = gapMm + (foamMm + SHELL_MM) / 2
          const inside = (foamMm + SHELL_MM) / 2 - Math.abs(d - middle)
          if (inside > -FAR_MM) {
            matter[n] = Math.max(matter[n], inside)
            if (d > gapMm - 1) hu.data[n] = d > gapMm + foamMm ? collar.shellHu : collar.foamHu
          }
        }
        if (table && d > 0 && y > 20) {
          const r = Math.sqrt(x * x + (y - table.y + table.radius) ** 2) - table.radius
          const shell = Math.abs(r) - 1.7
          const inside = Math.max(-shell, table.hu > 60 ? -Math.abs(r - 34) + 1.7 : -99)
          if (inside > -FAR_MM && inside > matter[n]) {
            matter[n] = inside
            if (inside > -2.5) hu.data[n] = table.hu
          }
        }
      }
    }
  }
  const paint = (
    shapes: readonly Shape[],
    blendMm: number,
    put: (n: number, d: number, x: number, y: number, z: number) => void,
  ): void => {
    const seen = shapes.filter((s) => overlap(s, view))
    if (!seen.length) return
    const scratch = sculpt(
      seen.map((s) => add(s, blendMm)),
      stepMm,
      { min: view.min, max: view.max },
    )
    const ox = Math.round((scratch.origin[0] - origin[0]) / stepMm)
    const oy = Math.round((scratch.origin[1] - origin[1]) / stepMm)
    const oz = Math.round((scratch.origin[2] - origin[2]) / stepMm)
    let k = 0
    for (let iz = 0; iz < scratch.nodes[2]; iz++)
      for (let iy = 0; iy < scratch.nodes[1]; iy++)
        for (let ix = 0; ix < scratch.nodes[0]; ix++, k++) {
          const d = scratch.data[k]
          if (d >= FAR_MM - 0.01) continue
          const x = ix + ox
          const y = iy + oy
          const z = iz + oz
          if (x < 0 || y < 0 || z < 0 || x >= nx || y >= nodes[1] || z >= nodes[2]) continue
          put(z * nxy + y * nx + x, d, x, y, z)
        }
  }
  // Muscles: each node belongs to the nearest one; where the second is as near, there is fat.
  const first = new Float32Array(hu.data.length).fill(FAR_MM)
  const second = new Float32Array(hu.data.length).fill(FAR_MM)
  const tone = new Float32Array(hu.data.length)
  for (const layer of layers)
    if (layer.fleshy)
      paint(layer.shapes, layer.blendMm, (i, smooth, x, y, z) => {
        if (smooth > 4) return
        const d = smooth + 1.8 * grainAt(grain, x * 0.13, y * 0.13, z * 0.07)
        if (d < first[i]) {
          second[i] = first[i]
          first[i] = d
          tone[i] = layer.hu
        } else if (d < second[i]) second[i] = d
      })
  for (let iz = 0, i = 0; iz < nodes[2]; iz++)
    for (let iy = 0; iy < nodes[1]; iy++)
      for (let ix = 0; ix < nx; ix++, i++) {
        if (first[i] > stepMm || matter[i] < 2.5) continue
        const t = Math.max(0, Math.min(1, 0.5 - first[i] / (1.2 * stepMm)))
        const gap = second[i] - first[i]
        // Planes vary: here a layer of fat, there only a fascia.
        const width =
          gap < 8 ? 4 * planeMm * Math.max(0.2, 1 + 0.7 * grainAt(grain, ix * 0.11, iy * 0.11, iz * 0.07)) : 1
        hu.data[i] += t * (fat + Math.min(1, gap / width) * (tone[i] - fat) - hu.data[i])
      }
  for (const layer of layers)
    if (!layer.fleshy)
      paint(layer.shapes, layer.blendMm, (i, d) => {
        const t = Math.max(0, Math.min(1, 0.5 - d / (1.2 * stepMm)))
        if (t > 0 && matter[i] > 1) hu.data[i] += t * (layer.hu - hu.data[i])
      })
  paint(airways, 2, (i, d) => {
    if (d < matter[i]) matter[i] = Math.max(-FAR_MM, d)
    if (d < 2 * stepMm && d > -3 && hu.data[i] < 0) hu.data[i] = 35
  })
  for (const { centre, sizes, hu: depth } of bands) {
    const range = (k: number) => {
      const at = (s: number) => Math.round((centre[k] + s * 2.5 * sizes[k] - origin[k]) / stepMm)
      return [Math.max(0, at(-1)), Math.min(nodes[k] - 1, at(1))]
    }
    const [[x0, x1], [y0, y1], [z0, z1]] = [range(0), range(1), range(2)]
    const off = (i: number, k: number) => ((origin[k] + i * stepMm - centre[k]) / sizes[k]) ** 2
    for (let iz = z0; iz <= z1; iz++)
      for (let iy = y0; iy <= y1; iy++)
        for (let ix = x0; ix <= x1; ix++)
          hu.data[iz * nxy + iy * nx + ix] -= depth * Math.exp(-0.5 * (off(ix, 0) + off(iy, 1) + off(iz, 2)))
  }
  // A faint unevenness everywhere, as no tissue is of one grey.
  n = 0
  for (let iz = 0; iz < nodes[2]; iz++)
    for (let iy = 0; iy < nodes[1]; iy++)
      for (let ix = 0; ix < nx; ix++, n++)
        hu.data[n] += 7 * grainAt(grain, ix * 0.23 + 7, iy * 0.23, iz * 0.19)
  return { hu, matter }
}
