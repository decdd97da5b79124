import type { CompetitionLoss } from './competition.ts'
import type { Evaluation, Group } from './evaluate.ts'
import type { Metrics, Share } from './metrics.ts'

export type EvaluationTableOptions = {
  /** Said first; null when nobody says that the studies are synthetic. */
  readonly synthetic: string | null
  /** At most so many names of each list are printed; the number of all is said. */
  readonly namesShown?: number
}

/** The evaluation as text: every question beside the two answers that need no images. "–" is not defined. */
export function toEvaluationTable(evaluation: Evaluation, options: EvaluationTableOptions): string {
  const { namesShown = 10 } = options
  const { competition, thresholds, studyCount } = evaluation
  const set = [...new Set(Object.values(thresholds))]
  const called =
    set.length === 1
      ? `threshold ${set[0]} everywhere`
      : `thresholds ${Object.entries(thresholds)
          .map(([k, v]) => `${k} ${v.toFixed(2)}`)
          .join(', ')}`
  const losses: readonly (readonly [string, CompetitionLoss])[] = [
    ['predictions', competition.model],
    ['p = 0.5', competition.half],
    ['base rate', competition.baseRate],
    ['best constant', competition.bestConstant],
  ]
  return [
    ...(options.synthetic === null ? [] : [`SYNTHETIC: ${options.synthetic}`, '']),
    `${studyCount} ${studyCount === 1 ? 'study' : 'studies'} scored; ${called}.`,
    'Brackets hold 95 % Wilson intervals, which take vertebrae of one patient as independent. – is not defined.',
    '',
    HEAD,
    ...evaluation.groups.flatMap(groupRows),
    'Base rate: the prevalence of these labels, each level its own, as probability; nothing is called a fracture.',
    '',
    `${'competition log loss'.padEnd(22)}${'per study'.padStart(10)}${'global'.padStart(10)}`,
    ...losses.map(
      ([name, l]) =>
        `${name.padEnd(22)}${number(l.perStudy, 4).padStart(10)}${number(l.global, 4).padStart(10)}`,
    ),
    ...list('labelled but not predicted, not scored', evaluation.missingStudies, namesShown),
    ...list('predicted but not labelled, not scored', evaluation.extraStudies, namesShown),
    ...list('rows not judged in scored studies, not scored', evaluation.notJudged, namesShown),
    '',
  ].join('\n')
}

const COLUMNS: readonly (readonly [name: string, width: number, cell: (m: Metrics) => string])[] = [
  ['n', 6, (m) => String(m.count)],
  ['pos', 6, (m) => String(m.positives)],
  ['acc', 7, (m) => number(m.accuracy)],
  ['recall', 21, (m) => interval(m.recall)],
  ['specificity', 21, (m) => interval(m.specificity)],
  ['prec', 7, (m) => number(m.precision)],
  ['F1', 7, (m) => number(m.f1)],
  ['F2', 7, (m) => number(m.f2)],
  ['AUC', 7, (m) => number(m.auc)],
  ['AP', 7, (m) => number(m.averagePrecision)],
  ['log loss', 9, (m) => number(m.logLoss)],
  ['Brier', 7, (m) => number(m.brier)],
]

const HEAD = ''.padEnd(26) + COLUMNS.map(([name, width]) => name.padStart(width)).join('')

function groupRows({ name, model, alwaysPositive, baseRate }: Group): string[] {
  const row = (title: string, m: Metrics) =>
    title.padEnd(26) + COLUMNS.map(([, width, cell]) => cell(m).padStart(width)).join('')
  return [
    row(name, model),
    row(`${''.padEnd(10)}always positive`, alwaysPositive),
    row(`${''.padEnd(10)}base rate`, baseRate),
  ]
}

const number = (value: number | null, digits = 3): string => value?.toFixed(digits) ?? '–'

const interval = (share: Share | null): string =>
  share ? `${number(share.value)} [${number(share.low, 2)} ${number(share.high, 2)}]` : '–'

function list(title: string, names: readonly string[], shown: number): string[] {
  if (names.length === 0) return []
  const more = names.length > shown ? [`  and ${names.length - shown} more`] : []
  return ['', `${names.length} ${title}:`, ...names.slice(0, shown).map((n) => `  ${n}`), ...more]
}
