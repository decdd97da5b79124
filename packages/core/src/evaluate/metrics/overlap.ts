import type { Box3 } from '../cases/study-case.ts'

/** Intersection over union of two boxes, 0..1. */
export function boxIou(a: Box3, b: Box3): number {
  let shared = 1
  for (let axis = 0; axis < 3; axis++)
    shared *= Math.max(0, Math.min(a.to[axis], b.to[axis]) - Math.max(a.from[axis], b.from[axis]))
  return shared === 0 ? 0 : shared / (size(a) + size(b) - shared)
}

const size = ({ from, to }: Box3): number => (to[0] - from[0]) * (to[1] - from[1]) * (to[2] - from[2])

/** The smallest box around boxes. */
export const hull = (boxes: readonly Box3[]): Box3 | null =>
  boxes.reduce<Box3 | null>(
    (a, b) =>
      a && {
        from: [0, 1, 2].map((i) => Math.min(a.from[i], b.from[i])) as Box3['from'],
        to: [0, 1, 2].map((i) => Math.max(a.to[i], b.to[i])) as Box3['to'],
      },
    boxes[0] ?? null,
  )

/** Dice coefficient of one label in two arrays of the same grid, 0..1; 1 when neither has it. */
export function dice(a: Uint8Array, b: Uint8Array, label: number): number {
  let [both, sum] = [0, 0]
  for (let n = 0; n < a.length; n++) {
    const [inA, inB] = [a[n] === label, b[n] === label]
    if (inA) sum++
    if (inB) sum++
    if (inA && inB) both++
  }
  return sum === 0 ? 1 : (2 * both) / sum
}
