import type { Vec3 } from '../../volume/geometry.ts'
import { type Grain, grainAt } from './grain.ts'
import type { Landmarks } from './landmarks.ts'
import { boxOf, createLattice, expanded, FAR_MM, fetch, type Lattice } from './lattice.ts'

/** Farther than any bend moves bone, mm. */
const REACH_MM = 4

/**
 * Share of a change of shape that the two sides of a bone do not have in common: real vertebrae are nearly mirror
 * images of themselves.
 */
export const ONE_SIDED = 0.4

/** Where the bone at a point of a bent vertebra comes from, mm; the centre stays where it is. */
export type Bend = (x: number, y: number, z: number) => Vec3

/** A smooth random bend. @param mm Its deviation. @param lengthMm Over which it changes. */
export function createBend(grain: Grain, offset: number, mm: number, lengthMm: number): Bend {
  const at = (x: number, y: number, z: number): Vec3 => {
    const [v, w] = [smooth(y / lengthMm), smooth(z / lengthMm)]
    const [left, right] = [smooth(x / lengthMm + offset), smooth(-x / lengthMm + offset)]
    const noise = (dv: number, dw: number, mirror: 1 | -1) => {
      const a = grainAt(grain, left, v + dv, w + dw)
      const b = mirror * grainAt(grain, right, v + dv, w + dw)
      return (mm * (a + b + ONE_SIDED * (a - b))) / 2
    }
    return [x + noise(0, 0, -1), y + noise(11, 0, 1), z + noise(0, 11, 1)]
  }
  const home = at(0, 0, 0)
  return (x, y, z) => {
    const p = at(x, y, z)
    return [p[0] - home[0], p[1] - home[1], p[2] - home[2]]
  }
}

/** A coordinate that rests at the nodes of the noise: trilinear values of it have no creases. */
function smooth(u: number): number {
  const node = Math.floor(u)
  const t = u - node
  return node + t * t * (3 - 2 * t)
}

/** The bent bone's distance field. Bends are gentle, so distances stay nearly true. */
export function bent(lattice: Lattice, bend: Bend): Lattice {
  const out = createLattice(expanded(boxOf(lattice), REACH_MM), lattice.stepMm, FAR_MM)
  const { data, nodes, origin, stepMm } = out
  let n = 0
  for (let k = 0; k < nodes[2]; k++)
    for (let j = 0; j < nodes[1]; j++)
      for (let i = 0; i < nodes[0]; i++, n++) {
        const [x, y, z] = [origin[0] + i * stepMm, origin[1] + j * stepMm, origin[2] + k * stepMm]
        if (fetch(lattice, x, y, z) < FAR_MM) data[n] = fetch(lattice, ...bend(x, y, z))
      }
  return out
}

/** The landmarks of the bent bone. */
export function bentMarks(marks: Landmarks, bend: Bend): Landmarks {
  // `bend` leads back from the new place: for a gentle one, forward is as far the other way.
  const to = (p: Vec3): Vec3 => {
    const q = bend(...p)
    return [2 * p[0] - q[0], 2 * p[1] - q[1], 2 * p[2] - q[2]]
  }
  const { pillar, junction, spinousTip, transverseTip, corner, brow, neck } = marks
  return {
    ...marks,
    pillar: to(pillar),
    junction: to(junction),
    spinousTip: to(spinousTip),
    transverseTip: to(transverseTip),
    ...(corner && { corner: to(corner) }),
    ...(brow && { brow: to(brow) }),
    ...(neck && { neck: to(neck) }),
  }
}
