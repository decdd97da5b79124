import { LEVELS } from '../levels.ts'

/** Columns of the competition, in the order of its files. */
export const COLUMNS = [...LEVELS, 'patient_overall'] as const
export type Column = (typeof COLUMNS)[number]

/** A study's values by column; a column that was not judged is missing. */
export type ByColumn<T> = Readonly<Partial<Record<Column, T>>>

/** RSNA 2022, evaluation page: weight of a negative and of a positive label. */
const WEIGHTS = {
  vertebra: { negative: 1, positive: 2 },
  patient: { negative: 7, positive: 14 },
} as const

/** scikit-learn's clipping: the loss of a certain mistake is large, not infinite. */
const EPSILON = 1e-15

export type CompetitionLoss = {
  /** Mean over studies of each study's loss divided by its weights. */
  readonly perStudy: number | null
  /** Loss of all rows divided by the weights of all rows. */
  readonly global: number | null
}

export const weightOf = (column: Column, positive: boolean): number =>
  WEIGHTS[column === 'patient_overall' ? 'patient' : 'vertebra'][positive ? 'positive' : 'negative']

/** The competition's weighted log loss in both readings of its normalisation, over the rows that have a probability. */
export function competitionLoss(
  studies: readonly {
    readonly probabilities: ByColumn<number>
    readonly labels: Readonly<Record<Column, boolean>>
  }[],
): CompetitionLoss {
  const shares: number[] = []
  let [loss, weight] = [0, 0]
  for (const { probabilities, labels } of studies) {
    let [studyLoss, studyWeight] = [0, 0]
    for (const column of COLUMNS) {
      const p = probabilities[column]
      if (p === undefined) continue
      const w = weightOf(column, labels[column])
      const truth = Math.min(Math.max(labels[column] ? p : 1 - p, EPSILON), 1 - EPSILON)
      studyLoss -= w * Math.log(truth)
      studyWeight += w
    }
    if (studyWeight > 0) shares.push(studyLoss / studyWeight)
    loss += studyLoss
    weight += studyWeight
  }
  return {
    perStudy: shares.length === 0 ? null : shares.reduce((a, b) => a + b, 0) / shares.length,
    global: weight === 0 ? null : loss / weight,
  }
}

/**
 * The lowest loss of any constant for each column, which is another constant in each reading: the share of the
 * column's weight that lies on positives. Rows without a probability stay out.
 */
export function bestConstantLoss(studies: Parameters<typeof competitionLoss>[0]): CompetitionLoss {
  const judged = (s: (typeof studies)[number]) => COLUMNS.filter((c) => s.probabilities[c] !== undefined)
  const weights = studies.map((s) => judged(s).reduce((sum, c) => sum + weightOf(c, s.labels[c]), 0))
  const withConstants = (divisor: (study: number) => number) => {
    const constants = new Map(
      COLUMNS.map((column) => {
        let [positive, all] = [0, 0]
        for (const [i, { labels, probabilities }] of studies.entries()) {
          if (probabilities[column] === undefined) continue
          const w = weightOf(column, labels[column]) / divisor(i)
          all += w
          if (labels[column]) positive += w
        }
        return [column, all === 0 ? 0 : positive / all]
      }),
    )
    return competitionLoss(
      studies.map((s) => ({
        labels: s.labels,
        probabilities: Object.fromEntries(judged(s).map((c) => [c, constants.get(c)])),
      })),
    )
  }
  return {
    perStudy: withConstants((i) => weights[i]).perStudy,
    global: withConstants(() => 1).global,
  }
}
