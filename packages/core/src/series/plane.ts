import type { Vec3 } from '../volume/geometry.ts'

/** How slices lie in the patient. */
export const PLANES = ['axial', 'oblique', 'sagittal', 'coronal'] as const
export type Plane = (typeof PLANES)[number]

/** Slices further from a plane than this are oblique; gantries tilt up to 30 degrees. */
const MAX_TILT_DEGREES = 31

/** The plane of slices with this unit normal, LPS. */
export function planeOf(normal: Vec3): Plane {
  const within = Math.cos((MAX_TILT_DEGREES * Math.PI) / 180)
  const axis = normal.findIndex((cosine) => Math.abs(cosine) >= within)
  return axis === -1 ? 'oblique' : (['sagittal', 'coronal', 'axial'] as const)[axis]
}

/** How far slices lie from axial, degrees. */
export const degreesFromAxial = (normal: Vec3): number =>
  (Math.acos(Math.min(1, Math.abs(normal[2]))) * 180) / Math.PI
