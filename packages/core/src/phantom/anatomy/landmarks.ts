import type { Vec3 } from '../../volume/geometry.ts'
import type { Bounds, Lattice } from './lattice.ts'
import type { Stroke } from './shapes.ts'

/** Where things lie in a vertebra's own frame, mm: what fractures, discs and ribs hold on to. */
export type Landmarks = {
  /** Body between the end plates; centred on the origin. */
  readonly width: number
  readonly depth: number
  readonly height: number
  /** Articular pillar (lateral mass in C1) on the left side. */
  readonly pillar: Vec3
  /** Angle of the facet's normal from the body's axis, radians. */
  readonly facet: number
  /** Front and middle height of the spinolaminar junction (posterior arch in C1). */
  readonly junction: Vec3
  readonly spinousTip: Vec3
  readonly transverseTip: Vec3
  /** Lower front corner of the body on the midline, where it was measured: see `cornerOf`. */
  readonly corner?: Vec3
  /** Its upper front corner: see `browOf`. */
  readonly brow?: Vec3
  /** C1: amid the left half of the posterior arch. */
  readonly arch?: Vec3
  /** C2: where the dens leaves its body, the lowest height at which it is about as slim as at its waist. */
  readonly neck?: Vec3
}

/** A vertebra of any family, in its own frame: x left, y posterior, z along the body's axis, mm. */
export type Solid = {
  readonly marks: Landmarks
  /** Boxes that hold it together. */
  readonly boxes: readonly Bounds[]
  /** Signed distance to its surface; a new lattice each time, its caller's to change. */
  readonly lattice: (stepMm: number) => Lattice
  /** Unevenness that is still to be added to its surface, mm. */
  readonly roughMm: number
}

/** A vertebra made by formulas. */
export type Vertebra = { readonly strokes: readonly Stroke[]; readonly marks: Landmarks }

/** Lower front corner of the body: as measured, or of the block that its sizes make. */
export const cornerOf = ({ corner, depth, height }: Landmarks): Vec3 => corner ?? [0, -depth / 2, -height / 2]

/** Upper front corner of the body, likewise. */
export const browOf = ({ brow, depth, height }: Landmarks): Vec3 => brow ?? [0, -depth / 2, height / 2]

/** C2: where the dens leaves its body: as measured, or the formulas'. */
export const neckOf = ({ neck }: Landmarks): Vec3 => neck ?? [0, 0.5, 12.5]
