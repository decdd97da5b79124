import type { Vec3 } from '../../volume/geometry.ts'

/** A solid as a distance: sdf is negative inside, in mm, about exact near the surface. min and max enclose it. */
export type Shape = {
  readonly sdf: (x: number, y: number, z: number) => number
  readonly min: Vec3
  readonly max: Vec3
}

/** One stroke of a sculpture: a shape joined or carved away with a seam rounded over blendMm. */
export type Stroke = { readonly shape: Shape; readonly blendMm: number; readonly carve: boolean }

export const add = (shape: Shape, blendMm = 2): Stroke => ({ shape, blendMm, carve: false })
export const carve = (shape: Shape, blendMm = 1): Stroke => ({ shape, blendMm, carve: true })

export function ellipsoid([cx, cy, cz]: Vec3, [rx, ry, rz]: Vec3): Shape {
  const ix = 1 / rx
  const iy = 1 / ry
  const iz = 1 / rz
  const smallest = Math.min(rx, ry, rz)
  return {
    sdf: (x, y, z) => {
      const px = (x - cx) * ix
      const py = (y - cy) * iy
      const pz = (z - cz) * iz
      const k0 = Math.sqrt(px * px + py * py + pz * pz)
      if (k0 < 0.05) return -smallest
      const gx = px * ix
      const gy = py * iy
      const gz = pz * iz
      return (k0 * (k0 - 1)) / Math.sqrt(gx * gx + gy * gy + gz * gz)
    },
    min: [cx - rx, cy - ry, cz - rz],
    max: [cx + rx, cy + ry, cz + rz],
  }
}

/** A rod from a to b whose radius goes from ra to rb. */
export function rod(a: Vec3, b: Vec3, ra: number, rb: number = ra): Shape {
  const [ax, ay, az] = a
  const dx = b[0] - ax
  const dy = b[1] - ay
  const dz = b[2] - az
  const inv = 1 / Math.max(1e-6, dx * dx + dy * dy + dz * dz)
  const grow = rb - ra
  return {
    sdf: (x, y, z) => {
      const px = x - ax
      const py = y - ay
      const pz = z - az
      let t = (px * dx + py * dy + pz * dz) * inv
      t = t < 0 ? 0 : t > 1 ? 1 : t
      const qx = px - t * dx
      const qy = py - t * dy
      const qz = pz - t * dz
      return Math.sqrt(qx * qx + qy * qy + qz * qz) - (ra + grow * t)
    },
    min: [Math.min(ax - ra, b[0] - rb), Math.min(ay - ra, b[1] - rb), Math.min(az - ra, b[2] - rb)],
    max: [Math.max(ax + ra, b[0] + rb), Math.max(ay + ra, b[1] + rb), Math.max(az + ra, b[2] + rb)],
  }
}

/** A rod from a to b whose section is `tall` times as high (along z) as it is wide. */
export function blade(a: Vec3, b: Vec3, ra: number, rb: number, tall: number): Shape {
  const middle: Vec3 = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2]
  const flat = ([x, y, z]: Vec3): Vec3 => [x, y, middle[2] + (z - middle[2]) / tall]
  return stretched(rod(flat(a), flat(b), ra, rb), middle, [1, 1, tall])
}

/** A chain of rods; one radius for all, or one for each point. */
export function tube(points: readonly Vec3[], radii: number | readonly number[]): Shape[] {
  const at = (i: number) => (typeof radii === 'number' ? radii : radii[i])
  return points.slice(1).map((p, i) => rod(points[i], p, at(i), at(i + 1)))
}

/** A short chain as one shape: no bulges where its rods meet. */
export function chain(points: readonly Vec3[], radii: number | readonly number[]): Shape {
  const rods = tube(points, radii)
  return {
    sdf: (x, y, z) => {
      let d = 1e9
      for (const r of rods) {
        const e = r.sdf(x, y, z)
        if (e < d) d = e
      }
      return d
    },
    min: [0, 1, 2].map((k) => Math.min(...rods.map((r) => r.min[k]))) as unknown as Vec3,
    max: [0, 1, 2].map((k) => Math.max(...rods.map((r) => r.max[k]))) as unknown as Vec3,
  }
}

export function box([cx, cy, cz]: Vec3, [hx, hy, hz]: Vec3, roundMm: number): Shape {
  return {
    sdf: (x, y, z) => {
      const qx = Math.abs(x - cx) - hx + roundMm
      const qy = Math.abs(y - cy) - hy + roundMm
      const qz = Math.abs(z - cz) - hz + roundMm
      const ox = qx > 0 ? qx : 0
      const oy = qy > 0 ? qy : 0
      const oz = qz > 0 ? qz : 0
      const inner = qx > qy ? (qx > qz ? qx : qz) : qy > qz ? qy : qz
      return Math.sqrt(ox * ox + oy * oy + oz * oz) + (inner < 0 ? inner : 0) - roundMm
    },
    min: [cx - hx, cy - hy, cz - hz],
    max: [cx + hx, cy + hy, cz + hz],
  }
}

/** The shape scaled about a point, axis by axis; the distance stays a lower bound. */
export function stretched(shape: Shape, [cx, cy, cz]: Vec3, [sx, sy, sz]: Vec3): Shape {
  const least = Math.min(sx, sy, sz)
  return {
    sdf: (x, y, z) => least * shape.sdf(cx + (x - cx) / sx, cy + (y - cy) / sy, cz + (z - cz) / sz),
    min: [cx + (shape.min[0] - cx) * sx, cy + (shape.min[1] - cy) * sy, cz + (shape.min[2] - cz) * sz],
    max: [cx + (shape.max[0] - cx) * sx, cy + (shape.max[1] - cy) * sy, cz + (shape.max[2] - cz) * sz],
  }
}

/** The shape turned about the x axis through a point, in radians (positive: top goes forward). */
export function pitched(shape: Shape, [, cy, cz]: Vec3, angle: number): Shape {
  const c = Math.cos(angle)
  const s = Math.sin(angle)
  const radius = Math.hypot(
    Math.max(shape.max[1] - cy, cy - shape.min[1]),
    Math.max(shape.max[2] - cz, cz - shape.min[2]),
  )
  return {
    sdf: (x, y, z) => {
      const py = y - cy
      const pz = z - cz
      return shape.sdf(x, cy + c * py + s * pz, cz - s * py + c * pz)
    },
    min: [shape.min[0], cy - radius, cz - radius],
    max: [shape.max[0], cy + radius, cz + radius],
  }
}

/** What two shapes have in common. */
export const common = (a: Shape, b: (x: number, y: number, z: number) => number): Shape => ({
  sdf: (x, y, z) => Math.max(a.sdf(x, y, z), b(x, y, z)),
  min: a.min,
  max: a.max,
})
