import { invert, spacingMm, transform } from '../volume/geometry.ts'
import type { LabelVolume } from '../volume/volume.ts'
import type { Sheet } from './plane.ts'
import type { Figure } from './report.ts'

type Point = readonly [number, number]
type Field = { readonly values: Float32Array; readonly width: number; readonly height: number }

/** Distance between the points of the field in which outlines are traced. */
const STEP_MM = 0.8
/** Islands smaller than this are noise of the segmentation in a picture. */
const MIN_AREA_MM2 = 10

/** Label of the segmenter as a radiologist writes it: 1 = C1, 8 = T1, 9 = T2 and lower, which it does not tell apart. */
export const labelName = (label: number): string =>
  label <= 7 ? `C${label}` : label === 8 ? 'T1' : 'T2 and lower'

/**
 * Outlines of the labels where they meet the sheet, in pixels of its picture: the indicator of each label,
 * interpolated from the label grid, smoothed by about half a label voxel and cut at one half.
 */
export function traceLabels(labels: LabelVolume, sheet: Sheet): Figure['outlines'] {
  const step = Math.max(STEP_MM / sheet.spacingMm, 1)
  // One ring of zeros around the picture closes every outline.
  const width = Math.floor(sheet.width / step) + 3
  const height = Math.floor(sheet.height / step) + 3
  const sigma = Math.max(0.45 * Math.max(...spacingMm(labels.ijkToLps)), 0.7) / (step * sheet.spacingMm)
  const outlines: { label: string; points: readonly Point[] }[] = []
  for (const [label, values] of [...indicators(labels, sheet, step, width, height)].sort(
    ([a], [b]) => a - b,
  )) {
    const field = { values: blur(values, width, height, Math.min(sigma, 2.5)), width, height }
    clearEdge(field)
    for (const loop of contours(field, 0.5)) {
      const points = roundCorners(loop).map(
        ([x, y]): Point => [Math.round((x - 1) * step * 10) / 10, Math.round((y - 1) * step * 10) / 10],
      )
      if (Math.abs(area(points)) * sheet.spacingMm ** 2 >= MIN_AREA_MM2) {
        outlines.push({ label: labelName(label), points })
      }
    }
  }
  return outlines
}

/** Share of each label at the field's points; field point (x, y) lies at picture ((x - 1) step, (y - 1) step). */
function indicators(labels: LabelVolume, sheet: Sheet, step: number, width: number, height: number) {
  const fields = new Map<number, Float32Array>()
  const lpsToIjk = invert(labels.ijkToLps)
  const [nz, ny, nx] = labels.shape
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [i, j, k] = transform(lpsToIjk, sheet.toLps((x - 1) * step, (y - 1) * step))
      if (!(i > -1 && j > -1 && k > -1 && i < nx && j < ny && k < nz)) continue
      const i0 = Math.floor(i)
      const j0 = Math.floor(j)
      const k0 = Math.floor(k)
      for (let corner = 0; corner < 8; corner++) {
        const ci = i0 + (corner & 1)
        const cj = j0 + ((corner >> 1) & 1)
        const ck = k0 + (corner >> 2)
        if (ci < 0 || cj < 0 || ck < 0 || ci >= nx || cj >= ny || ck >= nz) continue
        const label = labels.data[(ck * ny + cj) * nx + ci]
        if (label === 0) continue
        let field = fields.get(label)
        if (!field) {
          field = new Float32Array(width * height)
          fields.set(label, field)
        }
        field[y * width + x] += (1 - Math.abs(i - ci)) * (1 - Math.abs(j - cj)) * (1 - Math.abs(k - ck))
      }
    }
  }
  return fields
}

/** Separable Gaussian; sigma in field points. */
function blur(values: Float32Array, width: number, height: number, sigma: number): Float32Array {
  const radius = Math.ceil(2.5 * sigma)
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  )
  const total = kernel.reduce((a, b) => a + b, 0)
  const pass = (from: Float32Array, stride: number, count: number, lines: number, lineStride: number) => {
    const to = new Float32Array(from.length)
    for (let line = 0; line < lines; line++) {
      for (let i = 0; i < count; i++) {
        let sum = 0
        for (let k = Math.max(-radius, -i); k <= Math.min(radius, count - 1 - i); k++) {
          sum += kernel[k + radius] * from[line * lineStride + (i + k) * stride]
        }
        to[line * lineStride + i * stride] = sum / total
      }
    }
    return to
  }
  return pass(pass(values, 1, width, height, width), width, height, width, 1)
}

function clearEdge({ values, width, height }: Field): void {
  values.fill(0, 0, width)
  values.fill(0, (height - 1) * width)
  for (let y = 0; y < height; y++) {
    values[y * width] = 0
    values[y * width + width - 1] = 0
  }
}

/** Edges of a marching square, as offsets; a directed segment keeps the inside on its left. */
const [T, R, B, L] = [0, 1, 2, 3]
const SEGMENTS: readonly (readonly (readonly [number, number])[])[] = [
  [],
  [[L, T]],
  [[T, R]],
  [[L, R]],
  [[R, B]],
  [
    [L, T],
    [R, B],
  ],
  [[T, B]],
  [[L, B]],
  [[B, L]],
  [[B, T]],
  [
    [T, R],
    [B, L],
  ],
  [[B, R]],
  [[R, L]],
  [[R, T]],
  [[T, L]],
  [],
]

/** Closed lines at which the field crosses the level (marching squares, Lorensen and Cline in the plane). */
export function contours({ values, width, height }: Field, level: number): Point[][] {
  const next = new Map<number, number>()
  for (let y = 0; y + 1 < height; y++) {
    for (let x = 0; x + 1 < width; x++) {
      const i = y * width + x
      const inside = (k: number) => (values[k] >= level ? 1 : 0)
      const code = inside(i) | (inside(i + 1) << 1) | (inside(i + width + 1) << 2) | (inside(i + width) << 3)
      // An edge's name: twice its upper-left point, plus one when it is vertical.
      const edges = [2 * i, 2 * (i + 1) + 1, 2 * (i + width), 2 * i + 1]
      for (const [from, to] of SEGMENTS[code]) next.set(edges[from], edges[to])
    }
  }
  const crossing = (edge: number): Point => {
    const i = edge >> 1
    const vertical = edge & 1
    const a = values[i]
    const t = (level - a) / (values[i + (vertical ? width : 1)] - a)
    const x = i % width
    const y = (i - x) / width
    return vertical ? [x, y + t] : [x + t, y]
  }
  const loops: Point[][] = []
  while (next.size > 0) {
    const loop: Point[] = []
    let edge = next.keys().next().value as number
    for (let to = next.get(edge); to !== undefined; to = next.get(edge)) {
      loop.push(crossing(edge))
      next.delete(edge)
      edge = to
    }
    loops.push(loop)
  }
  return loops
}

/** Chaikin's corner cutting, once. */
const roundCorners = (points: readonly Point[]): Point[] =>
  points.flatMap(([x, y], i): Point[] => {
    const [nx, ny] = points[(i + 1) % points.length]
    return [
      [0.75 * x + 0.25 * nx, 0.75 * y + 0.25 * ny],
      [0.25 * x + 0.75 * nx, 0.25 * y + 0.75 * ny],
    ]
  })

/** Signed area of a closed polygon, in the square of its units. */
export const area = (points: readonly Point[]): number =>
  points.reduce((sum, [x, y], i) => {
    const [nx, ny] = points[(i + 1) % points.length]
    return sum + (x * ny - nx * y) / 2
  }, 0)
