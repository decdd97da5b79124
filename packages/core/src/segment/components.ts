import type { LabelVolume } from '../volume/volume.ts'

/** Labels in which one connected piece is expected: C1..C7 and T1. */
const SINGLE = 8
/**
 * C1 is a ring, which slices of 4 mm break: its front arch and its masses stay when they are this share of its largest
 * piece and at its height. Any of 0.05-0.3 gives the same on the real necks.
 */
const RING = 1
const RING_SHARE = 0.1

/**
 * Clears, in place, all but the largest face-connected piece of each vertebra's label, and the parts of C1's ring.
 * The second axis of the labels runs from the head to the feet, as on the segmentation grid.
 */
export function keepLargestComponents({ data, shape: [nz, ny, nx] }: LabelVolume): void {
  const piece = new Int32Array(data.length)
  const queue = new Int32Array(data.length)
  const sizes: number[] = [0]
  const rows: (readonly [first: number, last: number])[] = [[0, 0]]
  const largest = new Int32Array(SINGLE + 1)
  for (let start = 0; start < data.length; start++) {
    const label = data[start]
    if (label === 0 || label > SINGLE || piece[start] !== 0) continue
    const id = sizes.length
    let [head, tail] = [0, 0]
    let [first, last] = [ny, 0]
    queue[tail++] = start
    piece[start] = id
    const visit = (n: number) => {
      if (data[n] !== label || piece[n] !== 0) return
      piece[n] = id
      queue[tail++] = n
    }
    while (head < tail) {
      const n = queue[head++]
      const x = n % nx
      const y = Math.floor(n / nx) % ny
      const z = Math.floor(n / (nx * ny))
      first = Math.min(first, y)
      last = Math.max(last, y)
      if (x > 0) visit(n - 1)
      if (x < nx - 1) visit(n + 1)
      if (y > 0) visit(n - nx)
      if (y < ny - 1) visit(n + nx)
      if (z > 0) visit(n - nx * ny)
      if (z < nz - 1) visit(n + nx * ny)
    }
    sizes.push(tail)
    rows.push([first, last])
    if (tail > sizes[largest[label]]) largest[label] = id
  }
  const isOfRing = (part: number, main: number): boolean =>
    sizes[part] >= RING_SHARE * sizes[main] &&
    rows[part][0] <= rows[main][1] &&
    rows[part][1] >= rows[main][0]
  for (let n = 0; n < data.length; n++) {
    const label = data[n]
    if (label === 0 || label > SINGLE || piece[n] === largest[label]) continue
    if (label === RING && isOfRing(piece[n], largest[label])) continue
    data[n] = 0
  }
}
