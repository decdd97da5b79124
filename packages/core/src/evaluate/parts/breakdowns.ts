import { LEVELS, type Level } from '../../levels.ts'
import type { StudyCase } from '../cases/study-case.ts'
import type { Thresholds } from '../evaluate.ts'
import { type BootstrapOptions, bootstrapAreas, rank } from '../metrics/bootstrap.ts'
import type { Interval } from '../metrics/estimate.ts'
import { type Metrics, measure, type Share, wilson } from '../metrics.ts'
import { type Boxes, scorable } from './boxes.ts'
import { isCalled, isFractured, type Row, rowsOf } from './rows.ts'

/** Studies that share something: how well they were judged. */
export type GroupRow = {
  readonly value: string
  readonly studies: number
  readonly analysed: number
  readonly patient: Metrics
  readonly vertebrae: Metrics
  /** Of the AUC, patients drawn anew. */
  readonly aucInterval: { readonly patient: Interval | null; readonly vertebrae: Interval | null }
  /** F2 of calling everything, beside the model's. */
  readonly alwaysPositive: { readonly patient: number | null; readonly vertebrae: number | null }
}

/** Fractures that share something: how many were called, and how many a box found at one false box a scan. */
export type FractureRow = {
  readonly value: string
  readonly count: number
  readonly called: Share | null
  readonly boxed: Share | null
}

/** Intact vertebrae, or intact patients, that share something: how many were called. */
export type IntactRow = { readonly value: string; readonly count: number; readonly called: Share | null }

export type Breakdowns = {
  readonly groups: readonly { readonly by: string; readonly rows: readonly GroupRow[] }[]
  readonly fractures: readonly { readonly by: string; readonly rows: readonly FractureRow[] }[]
  readonly lookAlikes: readonly { readonly by: string; readonly rows: readonly IntactRow[] }[]
}

/** Upper ends of the classes; the last is open. Thickness: the report's own limits. Noise, severity: even steps. */
const SLICE_MM = [1, 1.5, 3]
const NOISE_HU = [15, 30, 45]
const SEVERITY = [0.25, 0.5, 0.75]

export function breakDown(
  cases: readonly StudyCase[],
  thresholds: Thresholds,
  boxes: Boxes | null,
  options: BootstrapOptions,
): Breakdowns {
  const by = (name: string, pick: (c: StudyCase) => string | null) => {
    const groups = grouped(cases, pick)
    return { by: name, rows: groups.map(([value, own]) => groupRow(value, own, thresholds, options)) }
  }
  return {
    groups: [
      by('generator family', (c) => c.family),
      by('slice thickness, mm', (c) => classOf(c.scan.sliceMm, SLICE_MM)),
      by('noise, HU', (c) => classOf(c.scan.noiseHu, NOISE_HU)),
      by('kernel', (c) => c.scan.kernel),
      by('preset', (c) => c.preset),
    ].filter((b) => b.rows.length > 0),
    fractures: fractureBreakdowns(cases, thresholds, boxes),
    lookAlikes: lookAlikeBreakdowns(cases, thresholds),
  }
}

/** Items by a value, in the order of the values; those without one are left out. */
function grouped<T>(items: readonly T[], pick: (item: T) => string | null): [string, T[]][] {
  const groups = Map.groupBy(items, pick)
  return [...groups]
    .flatMap(([value, own]): [string, T[]][] => (value === null ? [] : [[value, own]]))
    .sort(
      ([a], [b]) =>
        (Number.parseFloat(a) || 0) - (Number.parseFloat(b) || 0) ||
        a.localeCompare(b, 'en', { numeric: true }),
    )
}

/** "1 to 1.5" for 1.2; null for nothing. */
function classOf(value: number | null, ends: readonly number[]): string | null {
  if (value === null) return null
  // A scan of 1 mm is written as 1.0000001 by some.
  const n = ends.findIndex((end) => value <= end + 1e-3)
  if (n === 0) return `0 to ${ends[0]}`
  return n < 0 ? `${ends[ends.length - 1]} and more` : `${ends[n - 1]} to ${ends[n]}`
}

function groupRow(
  value: string,
  cases: readonly StudyCase[],
  thresholds: Thresholds,
  options: BootstrapOptions,
): GroupRow {
  const rows = rowsOf(cases)
  const of = (own: readonly Row[], called: (row: Row) => boolean) =>
    measure({ scores: own.map((r) => r.probability), labels: own.map((r) => r.label) }, own.map(called))
  const patients = rows.filter((r) => r.column === 'patient')
  const vertebrae = rows.filter((r) => r.column !== 'patient')
  const called = (row: Row) => isCalled(row, thresholds)
  const aucInterval = (own: readonly Row[]) => {
    const [scores, labels] = [own.map((r) => r.probability), own.map((r) => r.label)]
    const studies = own.map((r) => r.study)
    return bootstrapAreas(rank(scores, labels, studies), cases.length, options).auc
  }
  return {
    value,
    studies: cases.length,
    analysed: cases.filter((c) => c.status === 'analysed').length,
    patient: of(patients, called),
    vertebrae: of(vertebrae, called),
    aucInterval: { patient: aucInterval(patients), vertebrae: aucInterval(vertebrae) },
    alwaysPositive: { patient: of(patients, () => true).f2, vertebrae: of(vertebrae, () => true).f2 },
  }
}

function fractureBreakdowns(
  cases: readonly StudyCase[],
  thresholds: Thresholds,
  boxes: Boxes | null,
): Breakdowns['fractures'] {
  const scans = cases.filter(scorable)
  const fractures = cases.flatMap((c) => {
    const scan = scans.indexOf(c)
    return (c.truth.fractures ?? []).flatMap((f, n) => {
      const vertebra = c.vertebrae.find((v) => v.level === f.level)
      if (c.status !== 'analysed' || f.level === null) return []
      const score = boxes && scan >= 0 ? (boxes.model.found[scan][n] ?? -1) : null
      return {
        ...f,
        level: f.level,
        // A level that was not found was not called either.
        called: vertebra !== undefined && vertebra.probability >= thresholds[f.level],
        boxed: score === null ? null : score >= (boxes?.thresholdAtOne ?? Infinity),
      }
    })
  })
  const by = (name: string, pick: (f: (typeof fractures)[number]) => string | null) => ({
    by: name,
    rows: grouped(fractures, pick).map(([value, own]): FractureRow => {
      const judged = own.filter((f) => f.boxed !== null)
      return {
        value,
        count: own.length,
        called: wilson(own.filter((f) => f.called).length, own.length),
        boxed: wilson(judged.filter((f) => f.boxed).length, judged.length),
      }
    }),
  })
  return [
    by('fracture type', (f) => f.type),
    by('severity', (f) => classOf(f.severity, SEVERITY)),
    by('level of the fracture', (f) => f.level),
  ].filter((b) => b.rows.length > 0)
}

function lookAlikeBreakdowns(cases: readonly StudyCase[], thresholds: Thresholds): Breakdowns['lookAlikes'] {
  const known = cases.filter((c) => c.truth.lookAlikes !== null && c.status === 'analysed')
  if (known.every((c) => c.truth.lookAlikes?.length === 0)) return []
  const typesAt = (c: StudyCase, level: Level) => [
    ...new Set(c.truth.lookAlikes?.filter((l) => l.level === level).map((l) => l.type)),
  ]
  const vertebrae = known.flatMap((c) =>
    c.vertebrae
      .filter((v) => !c.truth.fractured[v.level])
      .map((v) => ({ types: typesAt(c, v.level), called: v.probability >= thresholds[v.level] })),
  )
  const patients = known.flatMap((c) =>
    c.patient === null || isFractured(c)
      ? []
      : {
          types: [...new Set(c.truth.lookAlikes?.map((l) => l.type))],
          called: c.patient >= thresholds.patient,
        },
  )
  const rowsFor = (items: typeof vertebrae): IntactRow[] => {
    const row = (value: string, own: typeof vertebrae): IntactRow => ({
      value,
      count: own.length,
      called: wilson(own.filter((v) => v.called).length, own.length),
    })
    const types = [...new Set(items.flatMap((v) => v.types))].sort()
    return types.length === 0
      ? []
      : [
          row(
            'none',
            items.filter((v) => v.types.length === 0),
          ),
          row(
            'any',
            items.filter((v) => v.types.length > 0),
          ),
          ...types.map((t) =>
            row(
              t,
              items.filter((v) => v.types.includes(t)),
            ),
          ),
        ]
  }
  return [
    { by: 'look-alike at an intact vertebra', rows: rowsFor(vertebrae) },
    { by: 'look-alike anywhere in an intact patient', rows: rowsFor(patients) },
  ].filter((b) => b.rows.length > 0)
}

/** Levels that the truth calls fractured and that nobody judged, in analysed studies. */
export const unjudgedFractures = (cases: readonly StudyCase[]): number =>
  cases
    .filter((c) => c.status === 'analysed')
    .reduce(
      (sum, c) =>
        sum + LEVELS.filter((l) => c.truth.fractured[l] && !c.vertebrae.some((v) => v.level === l)).length,
      0,
    )
