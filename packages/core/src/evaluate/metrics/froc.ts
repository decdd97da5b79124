import type { Box3 } from '../cases/study-case.ts'
import {
  BOOTSTRAP,
  type BootstrapOptions,
  LEAST_PATIENTS,
  percentileInterval,
  resamples,
} from './bootstrap.ts'
import type { Estimate } from './estimate.ts'
import { boxIou } from './overlap.ts'

/** RibFrac's rule: a box finds a fracture when they overlap by more than this (Jin 2020). */
export const LEAST_IOU = 0.2
/** Mean false boxes a scan at which the sensitivity is read. */
export const FALSE_BOXES = [0.5, 1, 2, 4, 8] as const

/** Boxes of one scan: what was marked, and what there is. */
export type MarkedScan = {
  readonly marks: readonly { readonly box: Box3; readonly score: number }[]
  readonly fractures: readonly Box3[]
}

export type FrocPoint = {
  readonly threshold: number
  readonly falseBoxes: number
  readonly sensitivity: number
}

export type Froc = {
  readonly scans: number
  readonly fractures: number
  readonly points: readonly FrocPoint[]
  readonly sensitivities: readonly { readonly falseBoxes: number; readonly sensitivity: Estimate }[]
  readonly mean: Estimate
  /** Of each scan and fracture: the highest score of a box that finds it, null when none does. */
  readonly found: readonly (readonly (number | null)[])[]
}

/**
 * A fracture is found by any box that overlaps enough; a box that finds none is false; a second one on the same
 * fracture is neither. null without fractures, or without scans.
 */
export function froc(scans: readonly MarkedScan[], options: BootstrapOptions = BOOTSTRAP): Froc | null {
  const fractures = scans.reduce((sum, s) => sum + s.fractures.length, 0)
  if (fractures === 0) return null
  const found = scans.map(({ marks, fractures }) =>
    fractures.map((f) =>
      marks.reduce<number | null>(
        (best, m) => (boxIou(m.box, f) > LEAST_IOU ? Math.max(best ?? 0, m.score) : best),
        null,
      ),
    ),
  )
  const events = scans
    .flatMap(({ marks, fractures }, scan) => [
      ...found[scan].flatMap((score) => (score === null ? [] : [{ score, scan, hit: true }])),
      ...marks
        .filter((m) => !fractures.some((f) => boxIou(m.box, f) > LEAST_IOU))
        .map(({ score }) => ({ score, scan, hit: false })),
    ])
    .sort((a, b) => b.score - a.score)
  const counts = scans.map((s) => s.fractures.length)
  const points = curve(events, counts, null)
  const own = FALSE_BOXES.map((k) => sensitivityAt(points, k))
  const replicates = FALSE_BOXES.map((): (number | null)[] => [])
  const means: (number | null)[] = []
  const enough = counts.filter((n) => n > 0).length >= LEAST_PATIENTS
  for (const weights of enough ? resamples(scans.length, options) : []) {
    const replicate = curve(events, counts, weights)
    const values = FALSE_BOXES.map((k) => sensitivityAt(replicate, k))
    for (const [n, value] of values.entries()) replicates[n].push(Number.isFinite(value) ? value : null)
    const middle = values.reduce((a, b) => a + b, 0) / values.length
    means.push(Number.isFinite(middle) ? middle : null)
  }
  return {
    scans: scans.length,
    fractures,
    points,
    sensitivities: FALSE_BOXES.map((falseBoxes, n) => ({
      falseBoxes,
      sensitivity: { value: own[n], interval: percentileInterval(replicates[n]) },
    })),
    mean: { value: own.reduce((a, b) => a + b, 0) / own.length, interval: percentileInterval(means) },
    found,
  }
}

/** One point a distinct score, from the highest; a scan counts as often as its weight says. */
function curve(
  events: readonly { readonly score: number; readonly scan: number; readonly hit: boolean }[],
  fractures: readonly number[],
  weights: ArrayLike<number> | null,
): FrocPoint[] {
  const weightOf = (scan: number) => (weights ? weights[scan] : 1)
  const total = fractures.reduce((sum, n, scan) => sum + n * weightOf(scan), 0)
  const points: FrocPoint[] = []
  let [hits, falses] = [0, 0]
  for (const [n, { score, scan, hit }] of events.entries()) {
    if (hit) hits += weightOf(scan)
    else falses += weightOf(scan)
    if (events[n + 1]?.score !== score)
      points.push({ threshold: score, falseBoxes: falses / fractures.length, sensitivity: hits / total })
  }
  return points
}

/** The sensitivity of the lowest threshold that keeps to so many false boxes a scan: reached, not interpolated. */
export function sensitivityAt(points: readonly FrocPoint[], falseBoxes: number): number {
  let best = 0
  for (const p of points) {
    if (p.falseBoxes > falseBoxes + 1e-9) break
    best = p.sensitivity
  }
  return best
}

/** The lowest threshold that keeps to so many false boxes a scan; above every score when none does. */
export const thresholdAt = (points: readonly FrocPoint[], falseBoxes: number): number =>
  points.filter((p) => p.falseBoxes <= falseBoxes + 1e-9).at(-1)?.threshold ?? Infinity
