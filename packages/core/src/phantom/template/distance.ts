import type { Vec3 } from '../../volume/geometry.ts'

/** Squared distances from each node to the nearest of value 0, along one line (Felzenszwalb and Huttenlocher, 2012). */
function sweep(
  data: Float32Array,
  start: number,
  stride: number,
  count: number,
  stepMm: number,
  { value, place, from }: Scratch,
): void {
  const s2 = stepMm * stepMm
  const first = data[start]
  let uniform = first === 0 || first >= NOWHERE
  for (let q = 1; q < count && uniform; q++) uniform = data[start + q * stride] === first
  if (uniform) return
  let k = -1
  for (let q = 0; q < count; q++) {
    const v = data[start + q * stride]
    if (v >= NOWHERE) continue
    let left = -1e9
    while (k >= 0) {
      const p = place[k]
      left = ((v - value[k]) / s2 + q * q - p * p) / (2 * (q - p))
      if (left > from[k]) break
      k--
    }
    k++
    place[k] = q
    value[k] = v
    from[k] = k === 0 ? -1e9 : left
  }
  if (k < 0) return
  let j = 0
  for (let q = 0; q < count; q++) {
    while (j < k && from[j + 1] < q) j++
    const d = q - place[j]
    data[start + q * stride] = value[j] + d * d * s2
  }
}

type Scratch = { readonly value: Float64Array; readonly place: Int32Array; readonly from: Float64Array }
const NOWHERE = 1e10

/**
 * Exact signed distance in mm between node centres, negative inside, 0 halfway between an inner and an outer node.
 * A step of 0 along an axis keeps its slices apart.
 */
export function signedDistance(inside: Uint8Array, nodes: Vec3, stepMm: Vec3): Float32Array {
  const longest = Math.max(...nodes)
  const scratch = {
    value: new Float64Array(longest),
    place: new Int32Array(longest),
    from: new Float64Array(longest),
  }
  const [nx, ny, nz] = nodes
  const squared = (side: number): Float32Array => {
    const out = new Float32Array(inside.length)
    for (let n = 0; n < out.length; n++) out[n] = inside[n] === side ? 0 : NOWHERE
    if (stepMm[0]) for (let n = 0; n < ny * nz; n++) sweep(out, n * nx, 1, nx, stepMm[0], scratch)
    if (stepMm[1])
      for (let z = 0; z < nz; z++)
        for (let x = 0; x < nx; x++) sweep(out, z * nx * ny + x, nx, ny, stepMm[1], scratch)
    if (stepMm[2]) for (let n = 0; n < nx * ny; n++) sweep(out, n, nx * ny, nz, stepMm[2], scratch)
    return out
  }
  const out = squared(1)
  const deep = squared(0)
  const half = Math.min(...stepMm.filter((s) => s > 0)) / 2
  for (let n = 0; n < out.length; n++)
    out[n] = inside[n] ? half - Math.sqrt(deep[n]) : Math.sqrt(out[n]) - half
  return out
}

/** Gaussian of deviations [x, y, z] in nodes, in place; edges repeat. */
export function blur(data: Float32Array, [nx, ny, nz]: Vec3, sigmas: Vec3): void {
  const along = (
    axis: 0 | 1 | 2,
    count: number,
    stride: number,
    starts: (visit: (start: number) => void) => void,
  ) => {
    const sigma = sigmas[axis]
    const reach = Math.ceil(2.5 * sigma)
    const weights = Array.from({ length: reach + 1 }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)))
    const sum = weights.reduce((s, w, i) => s + (i ? 2 * w : w), 0)
    const line = new Float32Array(count + 2 * reach)
    starts((start) => {
      for (let q = -reach; q < count + reach; q++)
        line[q + reach] = data[start + Math.max(0, Math.min(count - 1, q)) * stride]
      for (let q = 0; q < count; q++) {
        let v = weights[0] * line[q + reach]
        for (let i = 1; i <= reach; i++) v += weights[i] * (line[q + reach - i] + line[q + reach + i])
        data[start + q * stride] = v / sum
      }
    })
  }
  along(0, nx, 1, (visit) => {
    for (let n = 0; n < ny * nz; n++) visit(n * nx)
  })
  along(1, ny, nx, (visit) => {
    for (let z = 0; z < nz; z++) for (let x = 0; x < nx; x++) visit(z * nx * ny + x)
  })
  along(2, nz, nx * ny, (visit) => {
    for (let n = 0; n < nx * ny; n++) visit(n)
  })
}
