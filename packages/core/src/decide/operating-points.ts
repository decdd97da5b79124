import type { Decision, OperatingPoint, Reached } from '../bundle/manifest.ts'
import { NeckFracError } from '../errors.ts'
import { confuse, tiesDescending, wilson } from '../evaluate/metrics.ts'
import { bestThreshold } from '../evaluate/threshold.ts'
import { LEVELS, type Level } from '../levels.ts'

type Cases = {
  readonly scores: readonly number[]
  readonly labels: readonly boolean[]
  /** How much a case counts; absent: all count the same. */
  readonly weights?: readonly number[] | undefined
}

type Aim = {
  readonly aim: string
  /** Whether fractures or intact vertebrae decide where the threshold lies. */
  readonly decidedByFractures: boolean
  choose(cases: Cases): number | null
}

/** The points that every new bundle has, the default first. Issue 3 of the project asks for these three. */
export const OPERATING_POINTS = {
  f2: {
    aim: 'highest F2: a missed fracture weighs four times as much as a false alarm',
    decidedByFractures: true,
    choose: ({ scores, labels, weights }) => bestThreshold(scores, labels, 2, weights),
  },
  'specificity-90': {
    aim: 'highest sensitivity with a specificity of at least 0.90',
    decidedByFractures: false,
    choose: (cases) => thresholdForSpecificity(cases, 0.9),
  },
  'sensitivity-98': {
    aim: 'highest specificity with a sensitivity of at least 0.98',
    decidedByFractures: true,
    choose: (cases) => thresholdForSensitivity(cases, 0.98),
  },
} as const satisfies Record<string, Aim>
export type OperatingPointName = keyof typeof OPERATING_POINTS
export const DEFAULT_OPERATING_POINT: OperatingPointName = 'f2'

/** A share that falls short of its bound by rounding alone still meets it. */
const ROUNDING = 1e-9

/**
 * The lowest threshold whose specificity is at least `least`, halfway to the score below it. When no call at all is
 * allowed it lies above every score. null without negatives.
 */
export function thresholdForSpecificity({ scores, labels, weights }: Cases, least: number): number | null {
  const ties = tiesDescending(scores, labels, weights)
  const negatives = ties.reduce((sum, { neg }) => sum + neg, 0)
  if (negatives === 0) return null
  let fp = 0
  for (const [n, { score, neg }] of ties.entries()) {
    if (1 - (fp + neg) / negatives < least - ROUNDING) return (score + (ties[n - 1]?.score ?? 1)) / 2
    fp += neg
  }
  return ties[ties.length - 1].score
}

/** The highest threshold whose sensitivity is at least `least`, halfway to the score below it; null without positives. */
export function thresholdForSensitivity({ scores, labels, weights }: Cases, least: number): number | null {
  const ties = tiesDescending(scores, labels, weights)
  const positives = ties.reduce((sum, { pos }) => sum + pos, 0)
  if (positives === 0) return null
  let tp = 0
  for (const [n, { score, pos }] of ties.entries()) {
    tp += pos
    if (tp / positives >= least - ROUNDING) return (score + (ties[n + 1]?.score ?? score)) / 2
  }
  return ties[ties.length - 1].score
}

/** One judged vertebra, or one patient, with its truth. */
export type ScoredVertebra = {
  readonly level: Level
  readonly probability: number
  readonly fractured: boolean
}
export type ScoredPatient = { readonly probability: number; readonly fractured: boolean }

/** Below this many deciding cases a 95 % interval of the share that they fix is wider than 0.15 (Wilson, at 0.95). */
const FEW = 30
/**
 * A level with few deciding cases of its own cannot fix its threshold: the other levels then count together as this
 * many. F2 always borrows, for it needs the rare fractures and the false alarms beside them.
 */
const BORROWED = 10

/** Chooses the thresholds of every point on the same cases. */
export function chooseOperatingPoints(
  vertebrae: readonly ScoredVertebra[],
  patients: readonly ScoredPatient[],
  tunedOn: string,
): Record<OperatingPointName, OperatingPoint> {
  const scores = vertebrae.map((v) => v.probability)
  const labels = vertebrae.map((v) => v.fractured)

  const weightsFor = (level: Level, name: OperatingPointName): number[] => {
    const { decidedByFractures } = OPERATING_POINTS[name]
    const deciding = vertebrae.filter((v) => v.fractured === decidedByFractures)
    const own = deciding.filter((v) => v.level === level).length
    const elsewhere = deciding.length - own
    const borrowed = (name === 'f2' || own < FEW) && elsewhere > 0 ? BORROWED / elsewhere : 0
    return vertebrae.map((v) => (v.level === level ? 1 : borrowed))
  }
  const pointOf = (name: OperatingPointName): OperatingPoint => {
    const { aim, choose, decidedByFractures } = OPERATING_POINTS[name]
    const columns = [...LEVELS, 'patient'] as const
    const chosen = columns.map((column) => {
      const isPatient = column === 'patient'
      const own = isPatient ? patients : vertebrae.filter((v) => v.level === column)
      const threshold =
        (isPatient
          ? choose({ scores: own.map((p) => p.probability), labels: own.map((p) => p.fractured) })
          : choose({ scores, labels, weights: weightsFor(column, name) })) ?? 1
      const few = own.filter((c) => c.fractured === decidedByFractures).length < FEW
      return { column, threshold, reached: { ...reach(own, threshold), few } }
    })
    const by = <T>(value: (c: (typeof chosen)[number]) => T) =>
      Object.fromEntries(chosen.map((c) => [c.column, value(c)])) as Record<Level | 'patient', T>
    return { aim, tunedOn, thresholds: by((c) => c.threshold), reached: by((c) => c.reached) }
  }
  return {
    f2: pointOf('f2'),
    'specificity-90': pointOf('specificity-90'),
    'sensitivity-98': pointOf('sensitivity-98'),
  }
}

function reach(cases: readonly ScoredPatient[], threshold: number): Omit<Reached, 'few'> {
  const { tp, fp, tn, fn } = confuse(
    cases.map((c) => c.probability >= threshold),
    cases.map((c) => c.fractured),
  )
  return {
    positives: tp + fn,
    negatives: tn + fp,
    sensitivity: wilson(tp, tp + fn),
    specificity: wilson(tn, tn + fp),
  }
}

/** The same decision at another of its points. @throws NeckFracError `usage` that names the points there are. */
export function atOperatingPoint(decision: Decision, name: string): Decision {
  if (name === decision.operatingPoint) return decision
  const point = decision.operatingPoints?.[name]
  if (point && Object.hasOwn(decision.operatingPoints ?? {}, name))
    return { ...decision, operatingPoint: name, thresholds: point.thresholds }
  const known = [...new Set([decision.operatingPoint, ...Object.keys(decision.operatingPoints ?? {})])]
  throw new NeckFracError(
    'usage',
    `The bundle has no operating point "${name}"; it has: ${known.map((n) => `"${n}"`).join(', ')}. \`neckfrac calibrate\` adds the others.`,
  )
}
