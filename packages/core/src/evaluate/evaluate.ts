import { NeckFracError } from '../errors.ts'
import { LEVELS, type Level } from '../levels.ts'
import {
  type ByColumn,
  bestConstantLoss,
  COLUMNS,
  type Column,
  type CompetitionLoss,
  competitionLoss,
} from './competition.ts'
import { type Metrics, measure } from './metrics.ts'
import type { Labels, Predictions } from './study-tables.ts'

export type Thresholds = Readonly<Record<Level | 'patient', number>>

/** Metrics of one question beside those of the two answers that need no images. */
export type Group = {
  readonly name: Level | 'vertebrae' | 'patient'
  readonly model: Metrics
  /** Everything called a fracture, with probability 1. */
  readonly alwaysPositive: Metrics
  /** Every case has its level's prevalence as probability, and nothing is called a fracture. */
  readonly baseRate: Metrics
}

export type Evaluation = {
  /** Studies that have both labels and predictions. */
  readonly studyCount: number
  readonly groups: readonly Group[]
  readonly competition: {
    readonly model: CompetitionLoss
    readonly half: CompetitionLoss
    readonly baseRate: CompetitionLoss
    /** The lowest that a constant for each column reaches, in each reading its own. */
    readonly bestConstant: CompetitionLoss
  }
  readonly thresholds: Thresholds
  /** Labelled studies without any prediction. */
  readonly missingStudies: readonly string[]
  /** Predicted studies without labels. */
  readonly extraStudies: readonly string[]
  /** Row ids without prediction in studies that have others. */
  readonly notJudged: readonly string[]
}

type Case = {
  readonly column: Column
  readonly probability: number
  readonly label: boolean
}

/**
 * Scores predictions against labels. What was not predicted is not scored; it is listed, and the counts show it.
 * @throws NeckFracError `data` when no study is in both tables.
 */
export function evaluate(predictions: Predictions, labels: Labels, thresholds: Thresholds): Evaluation {
  const uids = [...labels.keys()].filter((uid) => predictions.has(uid))
  if (uids.length === 0)
    throw new NeckFracError(
      'data',
      predictions.size === 0
        ? `None of the ${labels.size} labelled studies was judged: the reports say why.`
        : `No study is in both tables: ${predictions.size} predicted, ${labels.size} labelled. Check the StudyInstanceUIDs.`,
    )
  const studies = uids.map((uid) => ({
    uid,
    probabilities: predictions.get(uid) as ByColumn<number>,
    labels: labels.get(uid) as Readonly<Record<Column, boolean>>,
  }))
  const cases = studies.flatMap((s) =>
    COLUMNS.flatMap((column): Case[] => {
      const probability = s.probabilities[column]
      return probability === undefined ? [] : [{ column, probability, label: s.labels[column] }]
    }),
  )
  const prevalence = Object.fromEntries(
    COLUMNS.map((column) => {
      const own = cases.filter((c) => c.column === column)
      return [column, own.filter((c) => c.label).length / Math.max(own.length, 1)]
    }),
  ) as Record<Column, number>
  const of = (columns: readonly Column[]) => cases.filter((c) => columns.includes(c.column))
  /** Every judged row gets another probability; rows that were not judged stay so. */
  const loss = (probability: (column: Column, own: number) => number) =>
    competitionLoss(
      studies.map((s) => ({
        labels: s.labels,
        probabilities: Object.fromEntries(
          COLUMNS.flatMap((c) => {
            const own = s.probabilities[c]
            return own === undefined ? [] : [[c, probability(c, own)]]
          }),
        ),
      })),
    )
  return {
    studyCount: studies.length,
    groups: [
      ...LEVELS.map((level) => group(level, of([level]), thresholds, prevalence)),
      group('vertebrae', of(LEVELS), thresholds, prevalence),
      group('patient', of(['patient_overall']), thresholds, prevalence),
    ],
    competition: {
      model: loss((_, own) => own),
      half: loss(() => 0.5),
      baseRate: loss((c) => prevalence[c]),
      bestConstant: bestConstantLoss(studies),
    },
    thresholds,
    missingStudies: [...labels.keys()].filter((uid) => !predictions.has(uid)),
    extraStudies: [...predictions.keys()].filter((uid) => !labels.has(uid)),
    notJudged: studies.flatMap((s) =>
      COLUMNS.filter((c) => s.probabilities[c] === undefined).map((c) => `${s.uid}_${c}`),
    ),
  }
}

function group(
  name: Group['name'],
  cases: readonly Case[],
  thresholds: Thresholds,
  prevalence: Readonly<Record<Column, number>>,
): Group {
  const labels = cases.map((c) => c.label)
  const rate = (scores: readonly number[], called: readonly boolean[]) => measure({ scores, labels }, called)
  return {
    name,
    model: rate(
      cases.map((c) => c.probability),
      cases.map((c) => c.probability >= thresholds[c.column === 'patient_overall' ? 'patient' : c.column]),
    ),
    alwaysPositive: rate(
      cases.map(() => 1),
      cases.map(() => true),
    ),
    baseRate: rate(
      cases.map((c) => prevalence[c.column]),
      cases.map(() => false),
    ),
  }
}

/** The same threshold everywhere. */
export const sameThreshold = (value: number): Thresholds =>
  Object.fromEntries([...LEVELS, 'patient' as const].map((k) => [k, value])) as Thresholds
