import type { Manifest } from '../bundle/manifest.ts'
import { NeckFracError } from '../errors.ts'
import type { StudyCase } from './cases/study-case.ts'
import { type Evaluation, evaluate, type Thresholds } from './evaluate.ts'
import { BOOTSTRAP, type BootstrapOptions } from './metrics/bootstrap.ts'
import { PREVALENCES, type PredictiveValues, predictiveValues } from './metrics/prevalence.ts'
import { type Share, wilson } from './metrics.ts'
import { type Boxes, scoreBoxes } from './parts/boxes.ts'
import { type Breakdowns, breakDown, unjudgedFractures } from './parts/breakdowns.ts'
import { type CalledEstimates, estimateCalls } from './parts/calls.ts'
import { type Labelling, scoreLabels } from './parts/labelling.ts'
import { askQuestions, type Question } from './parts/questions.ts'
import { isCalled, isFractured, rowsOf, tablesOf } from './parts/rows.ts'
import { measureTimes, type StageTime } from './parts/times.ts'

/** Thresholds under a name. */
export type NamedPoint = { readonly name: string; readonly aim: string; readonly thresholds: Thresholds }

/** What one operating point reaches. */
export type PointResult = NamedPoint & {
  readonly evaluation: Evaluation
  /** Counted again with patients drawn anew; null where nothing was judged. */
  readonly clustered: { readonly patient: CalledEstimates; readonly vertebrae: CalledEstimates }
  readonly predictive: {
    readonly patient: readonly PredictiveValues[]
    readonly vertebrae: readonly PredictiveValues[]
  }
  /** As if every study that gave no answer had been answered wrongly. */
  readonly unansweredAreWrong: { readonly sensitivity: Share | null; readonly specificity: Share | null }
}

/** Studies that are reported on together. */
export type Part = {
  readonly title: string
  /** True for a generator family that no training saw. */
  readonly heldOut: boolean
  readonly studies: {
    readonly total: number
    readonly fractured: number
    readonly analysed: number
    readonly notAnalysable: number
    readonly failed: number
    /** Why studies gave no answer, the most frequent first. */
    readonly reasons: readonly { readonly reason: string; readonly count: number }[]
    /** Fractured vertebrae of analysed studies that were not found, hence neither right nor wrong below. */
    readonly unjudgedFractures: number
  }
  readonly questions: readonly Question[]
  readonly points: readonly PointResult[]
  readonly boxes: Boxes | null
  readonly labelling: Labelling | null
  readonly breakdowns: Breakdowns
  readonly times: readonly StageTime[]
  readonly unanswered: readonly {
    readonly uid: string
    readonly status: StudyCase['status']
    readonly reasons: readonly string[]
  }[]
}

/** An evaluation, of which every output is a pure function. */
export type Assessment = {
  readonly format: 'neckfrac-evaluation'
  readonly version: 1
  readonly software: { readonly name: string; readonly version: string }
  /** ISO 8601, UTC. */
  readonly createdAt: string
  /** Why the studies are synthetic; null when nobody says that they are. */
  readonly synthetic: string | null
  /** What was evaluated, in a sentence. */
  readonly studies: string
  readonly bundle: {
    readonly name: string
    readonly version: string
    readonly trainedOn: string
    readonly learnedOn: string
    readonly networks: Readonly<Record<string, string>>
  } | null
  readonly bootstrap: BootstrapOptions
  /** The held-out family first. The first operating point is the one in use. */
  readonly parts: readonly Part[]
}

export type AssessOptions = {
  readonly points: readonly NamedPoint[]
  /** Generator family that no training saw. */
  readonly heldOut?: string | undefined
  readonly bootstrap?: BootstrapOptions
}

/** Evaluates cases, the held-out family first and apart. @throws NeckFracError `data` when there is nothing to evaluate. */
export function assessCases(cases: readonly StudyCase[], options: AssessOptions): Part[] {
  const { heldOut } = options
  if (heldOut === undefined) return [assessPart('All studies', false, cases, options)]
  const [apart, rest] = [cases.filter((c) => c.family === heldOut), cases.filter((c) => c.family !== heldOut)]
  if (apart.length === 0) throw new NeckFracError('data', `No study is of the held-out family "${heldOut}".`)
  return [
    assessPart(`Held-out family: ${heldOut}`, true, apart, options),
    ...(rest.length > 0 ? [assessPart('Other families', false, rest, options)] : []),
  ]
}

function assessPart(
  title: string,
  heldOut: boolean,
  cases: readonly StudyCase[],
  { points, bootstrap = BOOTSTRAP }: AssessOptions,
): Part {
  const count = (status: StudyCase['status']) => cases.filter((c) => c.status === status).length
  const { predictions, labels } = tablesOf(cases)
  const rows = rowsOf(cases)
  const boxes = scoreBoxes(cases, bootstrap)
  const unanswered = cases.filter((c) => c.status !== 'analysed')
  return {
    title,
    heldOut,
    studies: {
      total: cases.length,
      fractured: cases.filter(isFractured).length,
      analysed: count('analysed'),
      notAnalysable: count('not-analysable'),
      failed: count('failed'),
      reasons: countReasons(unanswered),
      unjudgedFractures: unjudgedFractures(cases),
    },
    questions: askQuestions(rows, cases.length, bootstrap),
    points: points.map((point) => {
      const evaluation = evaluate(predictions, labels, point.thresholds)
      const estimates = (name: 'patient' | 'vertebrae') =>
        estimateCalls(
          rows.filter((r) => (r.column === 'patient') === (name === 'patient')),
          (row) => isCalled(row, point.thresholds),
          bootstrap,
        )
      return {
        ...point,
        evaluation,
        clustered: { patient: estimates('patient'), vertebrae: estimates('vertebrae') },
        predictive: { patient: predict(evaluation, 'patient'), vertebrae: predict(evaluation, 'vertebrae') },
        unansweredAreWrong: countingAll(cases, point.thresholds),
      }
    }),
    boxes,
    labelling: scoreLabels(cases, bootstrap),
    breakdowns: breakDown(cases, points[0].thresholds, boxes, bootstrap),
    times: measureTimes(cases),
    unanswered: unanswered.map(({ uid, status, reasons }) => ({ uid, status, reasons })),
  }
}

function predict({ groups }: Evaluation, name: 'patient' | 'vertebrae'): PredictiveValues[] {
  const { recall, specificity } = groups.find((g) => g.name === name)?.model ?? {
    recall: null,
    specificity: null,
  }
  return PREVALENCES.map((p) => predictiveValues(recall, specificity, p))
}

function countingAll(
  cases: readonly StudyCase[],
  { patient }: Thresholds,
): PointResult['unansweredAreWrong'] {
  const [fractured, intact] = [cases.filter(isFractured), cases.filter((c) => !isFractured(c))]
  const called = (c: StudyCase) => c.patient !== null && c.patient >= patient
  const cleared = (c: StudyCase) => c.patient !== null && c.patient < patient
  return {
    sensitivity: wilson(fractured.filter(called).length, fractured.length),
    specificity: wilson(intact.filter(cleared).length, intact.length),
  }
}

function countReasons(unanswered: readonly StudyCase[]): Part['studies']['reasons'] {
  const reasons = unanswered.map((c) => `${c.status}: ${c.reasons.join(', ') || 'no reason given'}`)
  return [...Map.groupBy(reasons, (r) => r)]
    .map(([reason, own]) => ({ reason, count: own.length }))
    .sort((a, b) => b.count - a.count)
}

/** Points of a bundle, the one in use first. */
export function pointsOfBundle({ decision }: Manifest): NamedPoint[] {
  const { operatingPoint: inUse, thresholds, operatingPoints = {} } = decision
  return [
    { name: inUse, aim: operatingPoints[inUse]?.aim ?? inUse, thresholds },
    ...Object.entries(operatingPoints)
      .filter(([name]) => name !== inUse)
      .map(([name, point]) => ({ name, aim: point.aim, thresholds: point.thresholds })),
  ]
}
