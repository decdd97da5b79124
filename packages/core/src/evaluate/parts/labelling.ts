import type { LabelledVertebra, StudyCase } from '../cases/study-case.ts'
import { type BootstrapOptions, estimateFromSums } from '../metrics/bootstrap.ts'
import { type Estimate, mean, quantile } from '../metrics/estimate.ts'
import { type Share, wilson } from '../metrics.ts'

/** Names of labels 0..8 as rows and columns of the confusion. */
export const LABEL_NAMES = ['none', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'T1'] as const

export type Labelling = {
  /** Studies with a true mask. */
  readonly studies: number
  readonly vertebrae: number
  readonly right: Share | null
  /** Right share when whole patients are drawn anew: one shifted chain is seven wrong vertebrae. */
  readonly rightByPatient: Estimate | null
  /** Studies in which every vertebra in view has its own label. */
  readonly exactChains: Share | null
  /** The trivial answer: the highest vertebra in view is C1, the next C2, and so on. */
  readonly countedFromTop: Share | null
  readonly dice: Estimate | null
  readonly levels: readonly {
    readonly name: string
    readonly count: number
    readonly right: Share | null
    readonly dice: number | null
    readonly medianMm: number | null
  }[]
  /** [true label 1..8][found label 0..8]. */
  readonly confusion: readonly (readonly number[])[]
}

/**
 * How vertebrae were named, in every study that was labelled, analysable or not: a chain that was lost may be the very
 * reason why a study counts as not analysable.
 */
export function scoreLabels(cases: readonly StudyCase[], options: BootstrapOptions): Labelling | null {
  const chains = cases.flatMap((c) => (c.labels && c.labels.length > 0 ? [c.labels] : []))
  const all = chains.flat()
  if (all.length === 0) return null
  const confusion = LABEL_NAMES.slice(1).map(() => LABEL_NAMES.map(() => 0))
  for (const { label, found } of all) confusion[label - 1][found]++
  return {
    studies: chains.length,
    vertebrae: all.length,
    right: wilson(all.filter(isRight).length, all.length),
    rightByPatient: clustered(chains, (v) => (isRight(v) ? 1 : 0), options),
    exactChains: wilson(chains.filter((chain) => chain.every(isRight)).length, chains.length),
    countedFromTop: wilson(
      chains.flatMap((chain) => chain.filter((v, n) => v.label === n + 1)).length,
      all.length,
    ),
    dice: clustered(chains, (v) => v.dice, options),
    levels: LABEL_NAMES.slice(1).flatMap((name, n) => {
      const own = all.filter((v) => v.label === n + 1)
      if (own.length === 0) return []
      return {
        name,
        count: own.length,
        right: wilson(own.filter(isRight).length, own.length),
        dice: mean(own.flatMap((v) => v.dice ?? [])),
        medianMm: quantile(
          own.flatMap((v) => v.distanceMm ?? []),
          0.5,
        ),
      }
    }),
    confusion,
  }
}

const isRight = ({ label, found }: LabelledVertebra): boolean => label === found

/** Mean of a value over all vertebrae, with the interval of drawing patients anew. */
function clustered(
  chains: readonly (readonly LabelledVertebra[])[],
  value: (v: LabelledVertebra) => number | null,
  options: BootstrapOptions,
): Estimate | null {
  const patients = chains.map((chain) => {
    const values = chain.flatMap((v) => value(v) ?? [])
    return [values.reduce((a, b) => a + b, 0), values.length]
  })
  return estimateFromSums(patients, { mean: ([sum, count]) => sum / count }, options).mean
}
