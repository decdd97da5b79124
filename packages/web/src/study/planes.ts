import type { Vec3 } from '@neckfrac/core'

/** The three planes of the patient's own axes, as radiologists look at them: from the feet, from the left, from the front. */
export const PLANES = ['axial', 'sagittal', 'coronal'] as const
export type PlaneName = (typeof PLANES)[number]

export type Plane = {
  readonly title: string
  /** Unit vectors in LPS: to the right and down on the screen, and across, along which slices are counted. */
  readonly right: Vec3
  readonly down: Vec3
  readonly across: Vec3
  /** LPS axis across the plane. */
  readonly axis: 0 | 1 | 2
  /** Which side of the patient lies at which edge of the picture. */
  readonly letters: {
    readonly left: string
    readonly right: string
    readonly top: string
    readonly bottom: string
  }
}

export const PLANE: Readonly<Record<PlaneName, Plane>> = {
  axial: {
    title: 'Axial',
    right: [1, 0, 0],
    down: [0, 1, 0],
    across: [0, 0, 1],
    axis: 2,
    letters: { left: 'R', right: 'L', top: 'A', bottom: 'P' },
  },
  sagittal: {
    title: 'Sagittal',
    right: [0, 1, 0],
    down: [0, 0, -1],
    across: [1, 0, 0],
    axis: 0,
    letters: { left: 'A', right: 'P', top: 'H', bottom: 'F' },
  },
  coronal: {
    title: 'Coronal',
    right: [1, 0, 0],
    down: [0, 0, -1],
    across: [0, 1, 0],
    axis: 1,
    letters: { left: 'R', right: 'L', top: 'H', bottom: 'F' },
  },
}

/** A point of a plane, mm: u to the right, v down, at a depth across. */
export function pointOnPlane({ right, down, across }: Plane, u: number, v: number, depth: number): Vec3 {
  const at = (n: 0 | 1 | 2) => right[n] * u + down[n] * v + across[n] * depth
  return [at(0), at(1), at(2)]
}

/** u, v and depth of a point in the patient; the inverse of `pointOnPlane`. */
export function planeCoordinates({ right, down, across }: Plane, p: Vec3): Vec3 {
  const along = (d: Vec3) => d[0] * p[0] + d[1] * p[1] + d[2] * p[2]
  return [along(right), along(down), along(across)]
}
