import type { Box3, StudyCase } from '../cases/study-case.ts'
import type { BootstrapOptions } from '../metrics/bootstrap.ts'
import { type Froc, froc, type MarkedScan, thresholdAt } from '../metrics/froc.ts'

export type Boxes = {
  readonly model: Froc
  /** The trivial marker: a box around each labelled vertebra, scored with the level's share of fractures. */
  readonly wholeVertebrae: Froc | null
  /** Fractured studies without any box in the truth: their boxes cannot be judged, so they are left out. */
  readonly withoutTruth: number
  /** Score from which one box a scan is false. */
  readonly thresholdAtOne: number
}

/** Studies whose boxes can be scored: not failed, with a place for every fracture, with candidates in the report. */
export const scorable = (c: StudyCase): boolean =>
  c.status === 'analysed' &&
  c.truth.fractures !== null &&
  c.truth.fractures.every((f) => f.box !== null) &&
  c.vertebrae.every((v) => v.candidates !== null)

/** Free-response ROC of the boxes in three dimensions; null where nothing can be scored. */
export function scoreBoxes(cases: readonly StudyCase[], options: BootstrapOptions): Boxes | null {
  const own = cases.filter(scorable)
  const model = froc(
    own.map(
      (c): MarkedScan => ({
        fractures: fracturesOf(c),
        marks: c.vertebrae.flatMap(({ candidates, probability }) =>
          (candidates ?? []).map(({ box, heat }) => ({ box, score: probability * heat })),
        ),
      }),
    ),
    options,
  )
  if (!model) return null
  const share = shareOfFractures(own)
  const wholeVertebrae = own.every((c) => c.vertebrae.every((v) => v.extent !== null))
    ? froc(
        own.map(
          (c): MarkedScan => ({
            fractures: fracturesOf(c),
            marks: c.vertebrae.map((v) => ({ box: v.extent as Box3, score: share(v.level) })),
          }),
        ),
        options,
      )
    : null
  return {
    model,
    wholeVertebrae,
    withoutTruth: cases.filter((c) => c.status === 'analysed' && !scorable(c)).length,
    thresholdAtOne: thresholdAt(model.points, 1),
  }
}

const fracturesOf = (c: StudyCase): Box3[] => c.truth.fractures?.flatMap((f) => f.box ?? []) ?? []

function shareOfFractures(cases: readonly StudyCase[]) {
  return (level: StudyCase['vertebrae'][number]['level']): number => {
    const own = cases.filter((c) => c.vertebrae.some((v) => v.level === level))
    return own.filter((c) => c.truth.fractured[level]).length / Math.max(1, own.length)
  }
}
