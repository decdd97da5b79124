import { whyUnreadable } from '../dicom/pixels.ts'
import type { Codecs } from '../ports.ts'
import type { Series } from './group.ts'
import { planeOf } from './plane.ts'
import { type CompiledRules, compileRules, type Preference } from './rules.ts'
import { defaultSeriesRules } from './rules-file.ts'
import type { SeriesSummary } from './study.ts'

export type Choice = {
  /** null when no series can be read as a neck CT; the summaries say why. */
  readonly chosen: Series | null
  readonly summaries: readonly SeriesSummary[]
}

export type ChooseOptions = {
  /** Without them every transfer syntax counts as readable. */
  readonly codecs?: Codecs | undefined
  /** The default rules when absent. */
  readonly rules?: CompiledRules | undefined
}

/** Chooses the series to read, and says of each why or why not. */
export function chooseSeries(
  all: readonly Series[],
  { codecs, rules = compileRules(defaultSeriesRules()) }: ChooseOptions = {},
): Choice {
  const compare = comparer(rules.preferences)
  const rejected = new Map<Series, string>()
  for (const series of all) {
    const reason = whyRejected(series, rules, codecs)
    if (reason !== null) rejected.set(series, reason)
  }
  const ranked = all.filter((series) => !rejected.has(series)).sort((a, b) => compare(a, b).order)
  const chosen = ranked[0] ?? null
  const reasonFor = (series: Series): string => {
    const rejection = rejected.get(series)
    if (rejection !== undefined) return rejection
    if (chosen === null || series === chosen)
      return ranked.length > 1
        ? `best of ${ranked.length}: ${compare(ranked[0], ranked[1]).words}`
        : 'the only CT that fits'
    return `another series is preferred: ${compare(chosen, series).words}`
  }
  return {
    chosen,
    summaries: all.map((series) => summarize(series, reasonFor(series), series === chosen)),
  }
}

function whyRejected(
  series: Series,
  { rejections }: CompiledRules,
  codecs: Codecs | undefined,
): string | null {
  for (const rule of rejections) {
    const reason = rule(series)
    if (reason !== null) return reason
  }
  if (codecs === undefined) return null
  const reasons = series.instances.map((instance) => whyUnreadable(instance, codecs))
  const first = reasons.find((reason) => reason !== null)
  // A few unreadable images are skipped one by one and leave a gap; here the whole series is beyond us.
  return first != null && reasons.every((reason) => reason !== null) ? first : null
}

/** Which of two series is better, order < 0 for the first, and by which preference. */
const comparer =
  (preferences: readonly Preference[]) =>
  (a: Series, b: Series): { order: number; words: string } => {
    for (const { words, rank } of preferences) {
      const order = rank(a) - rank(b)
      if (order === 0) continue
      const [better, worse] = order < 0 ? [a, b] : [b, a]
      return { order, words: typeof words === 'string' ? words : words(better, worse) }
    }
    return { order: a.seriesInstanceUid < b.seriesInstanceUid ? -1 : 1, words: 'equal; first by UID' }
  }

function summarize(series: Series, reason: string, chosen: boolean): SeriesSummary {
  const [first] = series.instances
  const [betweenRows, betweenColumns] = first.pixelSpacingMm!
  return {
    seriesInstanceUid: series.seriesInstanceUid,
    description: first.seriesDescription,
    modality: first.modality,
    plane: planeOf(series.normal),
    sliceCount: series.instances.length,
    rows: first.format.rows,
    columns: first.format.columns,
    spacingMm: series.stepMm === null ? null : [betweenColumns, betweenRows, series.stepMm],
    kernel: first.kernel,
    reason,
    chosen,
  }
}
