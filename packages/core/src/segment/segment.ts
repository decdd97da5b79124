import { mapConcurrently } from '../concurrency.ts'
import type { Session, Signal } from '../ports.ts'
import { transform } from '../volume/geometry.ts'
import type { LabelVolume, Volume } from '../volume/volume.ts'
import { correctCount } from './chain.ts'
import { keepLargestComponents } from './components.ts'
import { segmentationImage, tissueRows } from './grid.ts'
import { CLASSES, type Segmentation, type Vertebra } from './segmentation.ts'
import { describeVertebrae } from './vertebrae.ts'

/** Neighbouring sagittal slices that the network sees at once. */
const CONTEXT = 5
/** Slices in one call: enough to fill two cores, little memory. */
const BATCH = 8

/**
 * Labels the vertebrae of a volume: 2.5D network on sagittal slabs, smoothing across slabs, largest component a label.
 * @param options.onProgress Is told how many of how many batches of slices are done.
 * @param options.image The volume on the segmentation grid, where that is known already.
 */
export async function segment(
  volume: Volume,
  session: Session,
  options: {
    signal?: Signal | undefined
    image?: Volume | undefined
    onProgress?: ((done: number, total: number) => void) | undefined
  } = {},
): Promise<Segmentation> {
  const image = options.image ?? segmentationImage(volume)
  const [slices, rows, columns] = image.shape
  const plane = rows * columns
  const probabilities = new Float32Array(slices * CLASSES * plane)
  const batches = Array.from({ length: Math.ceil(slices / BATCH) }, (_, n) => n * BATCH)
  // Two at a time: the next batch is cut, and the last one read, while the network works.
  let done = 0
  await mapConcurrently(batches, 2, async (first) => {
    options.signal?.throwIfAborted()
    const count = Math.min(BATCH, slices - first)
    const { logits } = await session.run({
      image: { data: slabs(image, first, count), shape: [count, CONTEXT, rows, columns] },
    })
    softmax(logits.data, count, plane, probabilities, first * CLASSES * plane)
    options.onProgress?.(++done, batches.length)
  })
  const best = mostProbable(probabilities, slices, plane)
  const labels: LabelVolume = { data: best.labels, shape: image.shape, ijkToLps: image.ijkToLps }
  correctCount(labels, probabilities, image)
  keepLargestComponents(labels)
  const vertebrae = describeVertebrae(labels, best.probability)
  return { labels, vertebrae: inOrder(markTruncated(vertebrae, image)) }
}

/** float32 HU [count, CONTEXT, rows, columns]: each slice with its neighbours; the outermost slice repeats. */
function slabs({ data, shape: [slices, rows, columns] }: Volume, first: number, count: number): Float32Array {
  const plane = rows * columns
  const out = new Float32Array(count * CONTEXT * plane)
  for (let n = 0; n < count; n++)
    for (let c = 0; c < CONTEXT; c++) {
      const slice = Math.min(Math.max(0, first + n + c - (CONTEXT >> 1)), slices - 1)
      out.set(data.subarray(slice * plane, (slice + 1) * plane), (n * CONTEXT + c) * plane)
    }
  return out
}

/** Softmax over the classes of [count, CLASSES, plane], written to `out` from `offset`. */
function softmax(
  logits: Float32Array,
  count: number,
  plane: number,
  out: Float32Array,
  offset: number,
): void {
  for (let n = 0; n < count; n++)
    for (let p = 0; p < plane; p++) {
      const start = n * CLASSES * plane + p
      let max = -Infinity
      for (let c = 0; c < CLASSES; c++) max = Math.max(max, logits[start + c * plane])
      let sum = 0
      for (let c = 0; c < CLASSES; c++) {
        const e = Math.exp(logits[start + c * plane] - max)
        out[offset + start + c * plane] = e
        sum += e
      }
      for (let c = 0; c < CLASSES; c++) out[offset + start + c * plane] /= sum
    }
}

/** Weights of the slab before, the slab itself and the one after: neighbours outvote a slab that miscounts. */
const ACROSS = [0.25, 0.5, 0.25]

function mostProbable(
  probabilities: Float32Array,
  slices: number,
  plane: number,
): { labels: Uint8Array; probability: Float32Array } {
  const labels = new Uint8Array(slices * plane)
  const probability = new Float32Array(slices * plane)
  for (let s = 0; s < slices; s++) {
    const around = [Math.max(0, s - 1), s, Math.min(s + 1, slices - 1)]
    for (let p = 0; p < plane; p++) {
      let best = 0
      let high = -1
      for (let c = 0; c < CLASSES; c++) {
        let sum = 0
        for (let a = 0; a < 3; a++) sum += ACROSS[a] * probabilities[(around[a] * CLASSES + c) * plane + p]
        if (sum > high) {
          high = sum
          best = c
        }
      }
      labels[s * plane + p] = best
      probability[s * plane + p] = high
    }
  }
  return { labels, probability }
}

/** Grid steps from the edge of the scan within which a vertebra counts as cut, along x (4 mm), z and y (2 mm). */
const EDGE_STEPS = { x: 0, z: 1, y: 0 } as const

/**
 * Rows with less than this share of the tissue of the fullest one show no body, though a couch or a mask may go on. Of 11
 * real scans that end in the neck and are padded beyond, the vertebra at the end is marked in 9; without it in none.
 */
const BODY_SHARE = 0.1

/**
 * Marks vertebrae that reach the edge of the scan: the outermost planes of the grid with more than air in them, and along
 * the body those that show it.
 */
function markTruncated(vertebrae: readonly Vertebra[], image: Volume): Vertebra[] {
  const { data, shape, ijkToLps } = image
  const [slices, rows, columns] = shape
  const filled = [slices, columns].map((n) => new Uint8Array(n))
  for (let n = 0, s = 0; s < slices; s++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++, n++)
        if (data[n] > -1000) {
          filled[0][s] = 1
          filled[1][c] = 1
        }
  const tissue = tissueRows(image)
  const least = BODY_SHARE * Math.max(...tissue)
  const z = [tissue.findIndex((count) => count > least), tissue.findLastIndex((count) => count > least)]
  const [x, y] = filled.map((planes) => [planes.indexOf(1), planes.lastIndexOf(1)])
  const lps = (c: number, r: number, s: number) => transform(ijkToLps, [c, r, s])
  const steps = EDGE_STEPS
  const low = lps(y[0] + steps.y, z[1] - steps.z, x[0] + steps.x)
  const high = lps(y[1] - steps.y, z[0] + steps.z, x[1] - steps.x)
  return vertebrae.map((v) => ({
    ...v,
    truncated: [0, 1, 2].some((axis) => v.minLps[axis] <= low[axis] || v.maxLps[axis] >= high[axis]),
  }))
}

/** Drops labels that stand out of order along the body, the less certain of each contradicting pair first. */
export function inOrder(vertebrae: readonly Vertebra[]): Vertebra[] {
  const kept = [...vertebrae]
  for (;;) {
    const at = kept.findIndex((v, n) => n > 0 && kept[n - 1].centreLps[2] <= v.centreLps[2])
    if (at < 0) return kept
    const weight = (v: Vertebra) => v.confidence * v.volumeMm3
    kept.splice(weight(kept[at]) < weight(kept[at - 1]) ? at : at - 1, 1)
  }
}
