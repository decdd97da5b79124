import type { Assessment, Part } from '../assessment.ts'
import { type Estimate, toEstimate } from '../metrics/estimate.ts'
import type { Metrics, Share } from '../metrics.ts'

type Value = number | null | Estimate | Share
type Row = readonly [section: string, group: string, metric: string, value: Value, count?: number]

/** Every number of an evaluation, one a row, with "synthetic" or "as given" beside each. An empty value is not defined. */
export function toEvaluationCsv({ parts, synthetic }: Assessment): string {
  const origin = synthetic === null ? 'as given' : 'synthetic'
  const lines = parts.flatMap((part) =>
    rowsOf(part).map(([section, group, metric, value, count]) => {
      const { middle, low, high } = spread(value)
      return [part.title, origin, section, group, metric, middle, low, high, count ?? ''].map(cell).join(',')
    }),
  )
  return ['part,data,section,group,metric,value,low,high,n', ...lines, ''].join('\n')
}

function rowsOf(part: Part): Row[] {
  const { studies, boxes, labelling, breakdowns } = part
  const metrics = (section: string, group: string, m: Metrics): Row[] => [
    [section, group, 'sensitivity', m.recall, m.positives],
    [section, group, 'specificity', m.specificity, m.count - m.positives],
    ...(['precision', 'f1', 'f2', 'accuracy'] as const).map(
      (name): Row => [section, group, name, m[name], m.count],
    ),
  ]
  return [
    ...(['total', 'fractured', 'analysed', 'notAnalysable', 'failed'] as const).map(
      (name): Row => ['studies', 'all', name, studies[name]],
    ),
    ...part.questions.flatMap((q): Row[] => [
      ['discrimination', q.name, 'auc', q.auc, q.count],
      ['discrimination', q.name, 'averagePrecision', q.averagePrecision, q.count],
      ['calibration', q.name, 'expectedCalibrationError', q.calibrationError, q.count],
      ['calibration', q.name, 'logLoss', q.logLoss, q.count],
      ['calibration', q.name, 'brier', q.brier, q.count],
    ]),
    ...part.points.flatMap(({ name, evaluation, clustered, predictive, unansweredAreWrong }, n): Row[] => [
      ...evaluation.groups.flatMap((g): Row[] => [
        ...metrics(`point ${name}`, g.name, g.model),
        // Without a threshold, hence the same at every point.
        ...(n === 0
          ? [
              ['base rate', g.name, 'auc', g.baseRate.auc, g.model.count] as Row,
              ['base rate', g.name, 'logLoss', g.baseRate.logLoss, g.model.count] as Row,
              ['base rate', g.name, 'brier', g.baseRate.brier, g.model.count] as Row,
              ...metrics('always positive', g.name, g.alwaysPositive),
            ]
          : []),
      ]),
      ...(['patient', 'vertebrae'] as const).flatMap((who) =>
        Object.entries(clustered[who]).map(
          ([metric, value]): Row => [`point ${name} clustered`, who, metric, value],
        ),
      ),
      ...(['patient', 'vertebrae'] as const).flatMap((who) =>
        predictive[who].flatMap((p): Row[] => [
          [`point ${name}`, who, `ppv at prevalence ${p.prevalence}`, p.ppv],
          [`point ${name}`, who, `npv at prevalence ${p.prevalence}`, p.npv],
        ]),
      ),
      [`point ${name}`, 'patient', 'sensitivity, unanswered are wrong', unansweredAreWrong.sensitivity],
      [`point ${name}`, 'patient', 'specificity, unanswered are wrong', unansweredAreWrong.specificity],
    ]),
    ...Object.entries(part.points[0]?.evaluation.competition ?? {}).flatMap(([who, loss]): Row[] => [
      ['competition loss', who, 'perStudy', loss.perStudy],
      ['competition loss', who, 'global', loss.global],
    ]),
    ...(boxes
      ? [['model', boxes.model] as const, ['whole vertebrae', boxes.wholeVertebrae] as const]
      : []
    ).flatMap(([who, f]): Row[] =>
      f
        ? [
            ...f.sensitivities.map(
              (s): Row => [
                'boxes',
                who,
                `found at ${s.falseBoxes} false boxes a scan`,
                s.sensitivity,
                f.fractures,
              ],
            ),
            ['boxes', who, 'mean', f.mean, f.fractures],
          ]
        : [],
    ),
    ...(labelling
      ? ([
          ['labels', 'all', 'right', labelling.rightByPatient, labelling.vertebrae],
          ['labels', 'all', 'exactChains', labelling.exactChains, labelling.studies],
          ['labels', 'all', 'countedFromTop', labelling.countedFromTop, labelling.vertebrae],
          ['labels', 'all', 'dice', labelling.dice, labelling.vertebrae],
          ...labelling.levels.flatMap((l): Row[] => [
            ['labels', l.name, 'right', l.right, l.count],
            ['labels', l.name, 'dice', l.dice, l.count],
            ['labels', l.name, 'medianMm', l.medianMm, l.count],
          ]),
        ] satisfies Row[])
      : []),
    ...breakdowns.groups.flatMap(({ by, rows }) =>
      rows.flatMap((r): Row[] => [
        [`by ${by}`, r.value, 'patient auc', toEstimate(r.patient.auc, r.aucInterval.patient), r.studies],
        ...metrics(`by ${by}: patient`, r.value, r.patient),
        [
          `by ${by}`,
          r.value,
          'vertebrae auc',
          toEstimate(r.vertebrae.auc, r.aucInterval.vertebrae),
          r.vertebrae.count,
        ],
        ...metrics(`by ${by}: vertebrae`, r.value, r.vertebrae),
      ]),
    ),
    ...breakdowns.fractures.flatMap(({ by, rows }) =>
      rows.flatMap((r): Row[] => [
        [`by ${by}`, r.value, 'sensitivity', r.called, r.count],
        [`by ${by}`, r.value, 'boxed at 1 false box a scan', r.boxed, r.count],
      ]),
    ),
    ...breakdowns.lookAlikes.flatMap(({ by, rows }) =>
      rows.map((r): Row => [`by ${by}`, r.value, 'false-positive rate', r.called, r.count]),
    ),
    ...part.times.flatMap((t): Row[] => [
      ['time', t.stage, 'p50Ms', t.p50Ms, t.count],
      ['time', t.stage, 'p95Ms', t.p95Ms, t.count],
    ]),
  ]
}

function spread(value: Value): { middle: number | ''; low: number | ''; high: number | '' } {
  if (value === null) return { middle: '', low: '', high: '' }
  if (typeof value === 'number') return { middle: value, low: '', high: '' }
  const ends = 'interval' in value ? value.interval : value
  return { middle: value.value, low: ends?.low ?? '', high: ends?.high ?? '' }
}

/** RFC 4180; a cell that a spreadsheet would run as a formula is quoted as text. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = /^[=+@-]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
