import type { Manifest } from '../bundle/manifest.ts'
import { patientProbability, probabilitiesOf, type StudyScores } from '../decide/decide.ts'
import { pointsOfBundle } from '../evaluate/assessment.ts'
import { quantile } from '../evaluate/metrics/estimate.ts'
import type { MeasuredNeck } from './measure.ts'
import type { NeckReading } from './reading.ts'

/** One study: its labels measured, and the raw fracture scores where they were asked for. */
export type NeckResult = {
  readonly id: string
  readonly split: NeckReading['split'] | null
  readonly neck: MeasuredNeck
  readonly scores: StudyScores | null
}

/** So many of so many. */
export type Tally = { readonly part: number; readonly whole: number }

export type NecksSummary = {
  /** By the reading's split. */
  readonly readings: Partial<
    Record<
      NeckReading['split'],
      { readonly levels: Tally; readonly exact: Tally; readonly misplaced: number }
    >
  >
  readonly studies: number
  /** Ordered chain of plausible spacing through the visible field. */
  readonly chain: Tally
  /** Labelled vertebrae whose ring holds the expert's cord, of those at the height of its mask. */
  readonly cordInside: Tally
  /** How far C2's body lies below the end of the brainstem, mm, and the studies further than 12 mm from the median: as far as a shift by a level. */
  readonly c2BelowBrainstemMm: {
    readonly count: number
    readonly quartiles: readonly (number | null)[]
    readonly odd: readonly string[]
  }
  /**
   * Presumably unfractured people flagged at each operating point, were the gate on resolution off. No claim about
   * fractures: voxels of 4 mm show none.
   */
  readonly flagged: readonly {
    readonly point: string
    readonly patients: Tally
    readonly vertebrae: Tally
  }[]
}

const tally = (flags: readonly boolean[]): Tally => ({
  part: flags.filter(Boolean).length,
  whole: flags.length,
})

export function summarizeNecks(results: readonly NeckResult[], manifest: Manifest | null): NecksSummary {
  const splitOf = (split: NeckReading['split']) => {
    const read = results.filter((r) => r.split === split)
    if (read.length === 0) return {}
    const sum = (count: (n: MeasuredNeck) => number) => read.reduce((total, r) => total + count(r.neck), 0)
    return {
      [split]: {
        levels: { part: sum((n) => n.right), whole: sum((n) => n.read) },
        exact: tally(read.map((r) => r.neck.exact === true)),
        misplaced: sum((n) => n.misplaced.length),
      },
    }
  }
  const below = results.flatMap(({ id, neck }) =>
    neck.c2BelowBrainstemMm === null ? [] : [{ id, mm: neck.c2BelowBrainstemMm }],
  )
  const quartiles = [0, 0.25, 0.5, 0.75, 1].map((q) =>
    quantile(
      below.map((b) => b.mm),
      q,
    ),
  )
  return {
    readings: { ...splitOf('development'), ...splitOf('test') },
    studies: results.length,
    chain: tally(results.map((r) => r.neck.broken === null)),
    cordInside: tally(results.flatMap((r) => r.neck.vertebrae.flatMap((v) => v.holdsCord ?? []))),
    c2BelowBrainstemMm: {
      count: below.length,
      quartiles,
      odd: below.filter((b) => Math.abs(b.mm - (quartiles[2] ?? 0)) > 12).map((b) => b.id),
    },
    flagged: manifest ? flagged(results, manifest) : [],
  }
}

function flagged(results: readonly NeckResult[], manifest: Manifest): NecksSummary['flagged'] {
  const studies = results.flatMap(({ scores }) => {
    const judged = probabilitiesOf(scores ?? {}, manifest.decision)
    return judged.length > 0 ? [judged] : []
  })
  if (studies.length === 0) return []
  return pointsOfBundle(manifest).map(({ name, thresholds }) => ({
    point: name,
    patients: tally(
      studies.map((s) => patientProbability(s.map((v) => v.probability)) >= thresholds.patient),
    ),
    vertebrae: tally(studies.flat().map((v) => v.probability >= thresholds[v.level])),
  }))
}

const share = ({ part, whole }: Tally): string =>
  `${part} of ${whole}${whole > 0 ? ` (${((100 * part) / whole).toFixed(1)} %)` : ''}`

/** A few lines for the terminal. */
export function necksToText(summary: NecksSummary): string {
  const { readings, chain, cordInside, c2BelowBrainstemMm: c2, flagged } = summary
  const lines = Object.entries(readings).map(
    ([split, { levels, exact, misplaced }]) =>
      `${split}: levels within half a level ${share(levels)}, exact chains ${share(exact)}, misplaced labels ${misplaced}`,
  )
  return [
    ...lines,
    `ordered chain through the visible field: ${share(chain)}`,
    `cord inside the labelled ring: ${share(cordInside)}`,
    `C2 below the brainstem's end, mm: ${c2.quartiles.map((q) => q?.toFixed(0) ?? '-').join(' / ')} (least, quartiles, most of ${c2.count}); odd: ${c2.odd.join(', ') || 'none'}`,
    ...flagged.map(
      (f) =>
        `flagged at ${f.point} with the gate off: patients ${share(f.patients)}, vertebrae ${share(f.vertebrae)}`,
    ),
  ].join('\n')
}
