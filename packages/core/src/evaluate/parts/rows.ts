import { LEVELS, type Level } from '../../levels.ts'
import type { StudyCase } from '../cases/study-case.ts'
import type { Thresholds } from '../evaluate.ts'
import type { Labels, Predictions } from '../study-tables.ts'

/** One judged vertebra, or one judged patient. */
export type Row = {
  readonly column: Level | 'patient'
  readonly probability: number
  readonly label: boolean
  /** Which study of the part it belongs to: what a bootstrap draws. */
  readonly study: number
}

export const isFractured = ({ truth }: StudyCase): boolean => LEVELS.some((l) => truth.fractured[l])

/** All that was judged, study by study. */
export function rowsOf(cases: readonly StudyCase[]): Row[] {
  return cases.flatMap((c, study): Row[] => [
    ...c.vertebrae.map((v) => ({
      column: v.level,
      probability: v.probability,
      label: c.truth.fractured[v.level],
      study,
    })),
    ...(c.patient === null
      ? []
      : [{ column: 'patient' as const, probability: c.patient, label: isFractured(c), study }]),
  ])
}

/** What the rows of each study add to sums: one list of columns a study that has any. */
export const sumsByStudy = (rows: readonly Row[], columns: (row: Row) => readonly number[]): number[][] =>
  [...Map.groupBy(rows, (r) => r.study).values()].map((own) =>
    own.map(columns).reduce<number[]>((sums, add) => add.map((v, n) => v + (sums[n] ?? 0)), []),
  )

export const isCalled = ({ column, probability }: Row, thresholds: Thresholds): boolean =>
  probability >= thresholds[column]

/** The cases as the tables of the competition hold them. A study that was not judged has labels alone. */
export function tablesOf(cases: readonly StudyCase[]): { predictions: Predictions; labels: Labels } {
  return {
    predictions: new Map(
      cases
        .filter((c) => c.patient !== null || c.vertebrae.length > 0)
        .map((c) => [
          c.uid,
          {
            ...Object.fromEntries(c.vertebrae.map((v) => [v.level, v.probability])),
            ...(c.patient === null ? {} : { patient_overall: c.patient }),
          },
        ]),
    ),
    labels: new Map(cases.map((c) => [c.uid, { ...c.truth.fractured, patient_overall: isFractured(c) }])),
  }
}
