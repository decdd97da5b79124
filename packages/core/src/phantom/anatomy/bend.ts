import type { Vec3 } from '../../volume/geometry.ts'
import { type Grain, grainAt } from './grain.ts'
import type { Landmarks } from './landmarks.ts'
import { boxOf, createLattice, expanded, FAR_MM, fetch, type Lattice } from './lattice.ts'

/** Farther than any bend moves bone, mm. */
const REACH_MM = 3

/** Where the bone at a point of a bent vertebra comes from, mm; the centre stays where it is. */
export type Bend = (x: number, y: number, z: number) => Vec3

/** A smooth random bend. @param mm Its deviation. @param lengthMm Over which it changes. */
export function createBend(grain: Grain, offset: number, mm: number, lengthMm: number): Bend {
  const at = (x: number, y: number, z: number): Vec3 => {
    const [u, v, w] = [smooth(x / lengthMm + offset), smooth(y / lengthMm), smooth(z / lengthMm)]
    return [
      x + mm * grainAt(grain, u, v, w),
      y + mm * grainAt(grain, u, v + 11, w),
      z + mm * grainAt(grain, u, v, w + 11),
    ]
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
