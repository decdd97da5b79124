import { norm, subtract, type Vec3 } from '../../volume/geometry.ts'
import type { Lattice } from '../anatomy/lattice.ts'
import { type Cloud, findCanal, meanOf } from './frame.ts'
import { visit } from './solid.ts'

/** A gap in an arch up to this wide is a cleft that its patient was born with, mm. */
const CLEFT_MM = 14
const BRIDGE_RADIUS_MM = 2.8

/**
 * Closes a cleft in C1's posterior arch, in place, and says whether there was one. About 4 % of people have one; the
 * expert map of VerSe gl003 is of such a neck, and so would be every neck made from it.
 */
export function closeArch(lattice: Lattice, local: Cloud): boolean {
  const canal = findCanal(local)
  if (!canal) return false
  const behind = canal.y + canal.radius * 0.7
  let [left, right] = [1e9, -1e9]
  for (let n = 0; n < local.length; n += 3) {
    if (local[n + 1] < behind) continue
    if (local[n] >= 0) left = Math.min(left, local[n])
    if (local[n] <= 0) right = Math.max(right, local[n])
  }
  const gap = left - right
  if (!(gap > 2 && gap < CLEFT_MM)) return false
  const a = meanOf(local, (x, y) => y > behind && x >= left && x < left + 4)
  const b = meanOf(local, (x, y) => y > behind && x <= right && x > right - 4)
  visit(lattice, (n, x, y, z) => {
    lattice.data[n] = Math.min(lattice.data[n], fromLine([x, y, z], a, b) - BRIDGE_RADIUS_MM)
  })
  return true
}

function fromLine(p: Vec3, a: Vec3, b: Vec3): number {
  const [u, v] = [subtract(p, a), subtract(b, a)]
  const t = Math.max(0, Math.min(1, (u[0] * v[0] + u[1] * v[1] + u[2] * v[2]) / Math.max(1e-6, norm(v) ** 2)))
  return norm([u[0] - t * v[0], u[1] - t * v[1], u[2] - t * v[2]])
}
