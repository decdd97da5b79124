import type { Mat4 } from '../volume/geometry.ts'
import type { Grid } from '../volume/volume.ts'

type Layout<T> = Grid & { readonly data: T }

/**
 * Reorders the axes of an array so that x runs left-right, y front-back and z along the body, as in a CT series:
 * masks are often stored sagittally. Directions are kept; the matrix says them. Returns its input when in order.
 */
export function orderAxes<T extends Int16Array | Uint8Array>(
  volume: Layout<T>,
  create: (length: number) => T,
): Layout<T> {
  const order = axisOrder(volume.ijkToLps)
  if (order.every((axis, i) => axis === i)) return volume
  const size = [volume.shape[2], volume.shape[1], volume.shape[0]]
  const stride = [1, size[0], size[0] * size[1]]
  const [sx, sy, sz] = order.map((axis) => stride[axis])
  const grid = orderGrid(volume)
  const [nz, ny, nx] = grid.shape
  const data = create(nx * ny * nz)
  let to = 0
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0, from = z * sz + y * sy; x < nx; x++, from += sx) data[to++] = volume.data[from]
  return { data, ...grid }
}

/** Shape and matrix of an array as orderAxes leaves it. */
export function orderGrid({ shape, ijkToLps: m }: Grid): Grid {
  const order = axisOrder(m)
  const size = [shape[2], shape[1], shape[0]]
  const ijkToLps = [0, 1, 2, 3].flatMap((row) => [...order.map((axis) => m[4 * row + axis]), m[4 * row + 3]])
  return { shape: [size[order[2]], size[order[1]], size[order[0]]], ijkToLps }
}

/** For each of L, P, S the array axis that runs along it best. */
function axisOrder(m: Mat4): readonly number[] {
  const size = [0, 1, 2].map((axis) => Math.hypot(m[axis], m[4 + axis], m[8 + axis]))
  const score = (order: readonly number[]) =>
    order.reduce((sum, axis, row) => sum + Math.abs(m[4 * row + axis]) / size[axis], 0)
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]
  return orders.reduce((best, order) => (score(order) > score(best) + 1e-6 ? order : best))
}
