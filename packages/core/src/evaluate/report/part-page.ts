import { html, type Markup, NOTHING } from '../../report/markup.ts'
import type { Part, PointResult } from '../assessment.ts'
import type { Group } from '../evaluate.ts'
import type { Metrics } from '../metrics.ts'
import type { CalledEstimates } from '../parts/calls.ts'
import { LABEL_NAMES, type Labelling } from '../parts/labelling.ts'
import type { Question } from '../parts/questions.ts'
import { breakdownTables } from './breakdown-tables.ts'
import { type Cell, estimate, FEW, figure, interval, number, seconds, share, table } from './cells.ts'
import { confusionPlot, frocPlot, type Mark, prPlot, reliabilityPlot, rocPlot } from './plots.ts'

const SHAPES = ['circle', 'square', 'triangle']

/** One part of an evaluation, from who was in it to what failed. */
export function partSections(part: Part, tag: Markup): Markup {
  return html`<section><h2>${part.title}${tag}</h2>
${studiesSection(part)}
${curvesSection(part)}
${pointsSection(part)}
${calibrationSection(part)}
${levelsSection(part)}
${boxesSection(part)}
${labellingSection(part.labelling)}
${breakdownTables(part)}
${timesSection(part)}
</section>`
}

function studiesSection({ studies, unanswered }: Part): Markup {
  const { total, fractured, analysed, notAnalysable, failed } = studies
  return html`<p>${total} studies, ${fractured} of them with a fracture. ${analysed} analysed, ${notAnalysable} not analysable, ${failed} failed.${studies.unjudgedFractures > 0 ? ` ${studies.unjudgedFractures} fractured vertebrae of analysed studies were not found: they count in no table by vertebra, but as missed in the tables by fracture.` : ''}</p>
${
  unanswered.length === 0
    ? NOTHING
    : html`${table(
        ['Why there was no answer', 'studies'],
        studies.reasons.map((r) => [r.reason, r.count]),
      )}<details class="small"><summary>Which studies</summary><ul>${unanswered.map((u) => html`<li class="break">${u.uid}: ${u.status}, ${u.reasons.join('; ') || 'no reason given'}</li>`)}</ul></details>`
}`
}

const questionOf = (part: Part, name: Group['name']): Question | undefined =>
  part.questions.find((q) => q.name === name && q.count > 0)

const modelOf = (point: PointResult, name: Group['name']): Metrics | undefined =>
  point.evaluation.groups.find((g) => g.name === name)?.model

function curvesSection(part: Part): Markup {
  const names = [
    ['patient', 'Patient'],
    ['vertebrae', 'Vertebrae C1-C7, pooled'],
  ] as const
  const marksOf = (
    name: Group['name'],
    place: (m: Metrics) => [number | null | undefined, number | null | undefined],
  ): Mark[] =>
    part.points.flatMap((point) => {
      const model = modelOf(point, name)
      const [x, y] = model ? place(model) : []
      return typeof x === 'number' && typeof y === 'number' ? [{ name: point.name, x, y }] : []
    })
  const marked = part.points.map((p, n) => `${SHAPES[n % SHAPES.length]} ${p.name}`).join(', ')
  const pictures = names.flatMap(([name, title]) => {
    const q = questionOf(part, name)
    if (!q || q.roc.length === 0) return []
    const prevalence = q.positives / q.count
    const roc = rocPlot(
      q.roc,
      q.rocBand,
      marksOf(name, (m) => [m.specificity && 1 - m.specificity.value, m.recall?.value]),
      title,
    )
    const pr = prPlot(
      q.pr,
      q.prBand,
      prevalence,
      marksOf(name, (m) => [m.recall?.value, m.precision]),
      title,
    )
    return [
      figure(
        roc,
        `${title}: ROC`,
        html`AUC ${estimate(q.auc)}. ${q.rocBand ? 'Band: 95 %, patients drawn anew. ' : ''}Dotted: a guess. Marks: ${marked}.`,
      ),
      figure(
        pr,
        `${title}: precision and recall`,
        html`Average precision ${estimate(q.averagePrecision)}. ${q.prBand ? 'Band: 95 %, patients drawn anew. ' : ''}Dotted: the prevalence, ${number(prevalence)}, which a guess reaches. Marks as in the ROC.`,
      ),
    ]
  })
  if (pictures.length === 0) return html`<p>No ROC: the judged studies are all of one class.</p>`
  return html`<h3>Discrimination</h3><div class="figures">${pictures}</div>`
}

function pointsSection(part: Part): Markup {
  const block = (name: 'patient' | 'vertebrae', title: string) => {
    const group = part.points[0].evaluation.groups.find((g) => g.name === name)
    if (!group || group.model.count === 0) return NOTHING
    const clustered = name === 'vertebrae'
    const row = (label: string, m: Metrics, own?: CalledEstimates): Cell[] => [
      label,
      share(m.recall),
      ...(clustered ? [interval(own?.sensitivity)] : []),
      share(m.specificity),
      ...(clustered ? [interval(own?.specificity)] : []),
      own ? estimate(own.precision) : number(m.precision),
      own ? estimate(own.f1) : number(m.f1),
      own ? estimate(own.f2) : number(m.f2),
      ...(clustered ? [] : [number(m.accuracy)]),
    ]
    return html`<h4>${title}: ${group.model.count} judged, ${group.model.positives} fractured</h4>
${table(
  clustered
    ? ['Point', 'Sensitivity', 'clustered', 'Specificity', 'clustered', 'Precision', 'F1', 'F2']
    : ['Point', 'Sensitivity', 'Specificity', 'Precision', 'F1', 'F2', 'Accuracy'],
  [
    ...part.points.map((p) => row(p.name, modelOf(p, name) as Metrics, p.clustered[name])),
    row('always positive', group.alwaysPositive),
    row('base rate', group.baseRate),
  ],
)}
${predictiveTable(part, name)}`
  }
  const worst = part.points.map((p): Cell[] => [
    p.name,
    share(p.unansweredAreWrong.sensitivity),
    share(p.unansweredAreWrong.specificity),
  ])
  return html`<h3>Operating points</h3>
${block('patient', 'Patient')}
${block('vertebrae', 'Vertebrae, pooled')}
<p class="note">Brackets are 95 % intervals. Sensitivity and specificity: Wilson, which takes the vertebrae of one patient as independent; beside it, clustered: patients drawn anew, as for precision, F1 and F2. Predictive values: both shares at the same end of their Wilson intervals.</p>
${
  part.studies.analysed === part.studies.total
    ? NOTHING
    : html`<h4>Patients, when every study without an answer counts as answered wrongly</h4>${table(['Point', 'Sensitivity', 'Specificity'], worst)}`
}
<details class="small"><summary>Thresholds and what the points aim at</summary>${table(
    ['Point', ...Object.keys(part.points[0].thresholds), 'aim'],
    part.points.map((p): Cell[] => [p.name, ...Object.values(p.thresholds).map((t) => number(t)), p.aim]),
  )}</details>`
}

/** What a call is worth where fractures are rarer than in these studies. */
function predictiveTable(part: Part, name: 'patient' | 'vertebrae'): Markup {
  const prevalences = part.points[0].predictive[name].map((p) => p.prevalence)
  return table(
    [
      'Predictive values at a prevalence of',
      ...prevalences.flatMap((p) => [`${100 * p} %: PPV`, `${100 * p} %: NPV`]),
    ],
    [
      ...part.points.map((p): Cell[] => [
        p.name,
        ...p.predictive[name].flatMap((v) => [estimate(v.ppv), estimate(v.npv)]),
      ]),
      ['always positive', ...prevalences.flatMap((p) => [number(p), '–'])],
      ['base rate', ...prevalences.flatMap((p) => ['–', number(1 - p)])],
    ],
  )
}

function calibrationSection(part: Part): Markup {
  const pictures = (['patient', 'vertebrae'] as const).flatMap((name) => {
    const q = questionOf(part, name)
    if (!q) return []
    const title = name === 'patient' ? 'Patient' : 'Vertebrae, pooled'
    return [
      figure(
        reliabilityPlot(q.reliability, q.positives / q.count, title),
        `${title}: reliability`,
        html`Expected calibration error ${estimate(q.calibrationError)} over ten bins of equal width. Thin line: perfect. Dotted: base rate. Whiskers: 95 % Wilson; the larger the dot, the more cases.`,
      ),
    ]
  })
  const rows = (['patient', 'vertebrae'] as const).flatMap((name): Cell[][] => {
    const group = part.points[0].evaluation.groups.find((g) => g.name === name)
    const q = questionOf(part, name)
    if (!group || !q) return []
    return [
      [name, estimate(q.logLoss), estimate(q.brier), estimate(q.calibrationError)],
      // Each level's own prevalence, hence perfectly calibrated on these studies, and of no use.
      ['base rate', number(group.baseRate.logLoss), number(group.baseRate.brier), '0.000'],
    ]
  })
  const { model, baseRate, bestConstant, half } = part.points[0].evaluation.competition
  return html`<h3>Calibration</h3><div class="figures">${pictures}</div>
${table(['', 'Log loss', 'Brier score', 'Calibration error'], rows)}
${table(
  ['RSNA 2022 weighted log loss', 'per study', 'global'],
  [
    ['model', number(model.perStudy), number(model.global)],
    ['base rate', number(baseRate.perStudy), number(baseRate.global)],
    ['best constant for each column', number(bestConstant.perStudy), number(bestConstant.global)],
    ['one half everywhere', number(half.perStudy), number(half.global)],
  ],
)}`
}

function levelsSection(part: Part): Markup {
  const [point] = part.points
  const rows = part.questions
    .filter((q) => q.name !== 'patient' && q.name !== 'vertebrae')
    .map((q): Cell[] => {
      const group = point.evaluation.groups.find((g) => g.name === q.name)
      return [
        q.name,
        q.count,
        q.positives,
        estimate(q.auc, 2),
        estimate(q.averagePrecision, 2),
        share(group?.model.recall, 2),
        share(group?.model.specificity, 2),
        number(group?.model.f2, 2),
        number(group?.alwaysPositive.f2, 2),
        number(group?.model.brier),
        number(group?.baseRate.brier),
      ]
    })
  return html`<h3>By level, at ${point.name}</h3>${table(
    [
      'Level',
      'n',
      'fractured',
      'AUC',
      'AP',
      'Sensitivity',
      'Specificity',
      'F2',
      'F2, always positive',
      'Brier',
      'Brier, base rate',
    ],
    rows,
    `A guess has AUC 0.5 and an average precision equal to the share of fractured vertebrae. ${FEW}`,
  )}`
}

function boxesSection({ boxes }: Part): Markup {
  if (!boxes)
    return html`<h3>Boxes</h3><p>Not scored: the studies have no boxes in their truth, or the reports have no candidates.</p>`
  const { model, wholeVertebrae } = boxes
  const rows = [
    ...model.sensitivities.map((s, n) => ({
      name: String(s.falseBoxes),
      of: (f: typeof model) => f.sensitivities[n].sensitivity,
    })),
    { name: 'mean', of: (f: typeof model) => f.mean },
  ]
  return html`<h3>Boxes</h3>
<div class="figures">${figure(
    frocPlot(model, wholeVertebrae, 'boxes in three dimensions'),
    'Free-response ROC',
    html`${model.fractures} fractures in ${model.scans} scans. A box finds a fracture when they overlap in three dimensions with IoU above 0.2. Dotted: a box around every vertebra, scored with its level's share of fractures.`,
  )}<div>${table(
    ['False boxes a scan', 'fractures found', 'whole vertebrae'],
    rows.map(({ name, of }): Cell[] => [
      name,
      estimate(of(model), 2),
      wholeVertebrae ? estimate(of(wholeVertebrae), 2) : '–',
    ]),
    `Each value is reached by a threshold, not interpolated. 95 % intervals: patients drawn anew. Whole vertebrae: the trivial marker.${boxes.withoutTruth > 0 ? ` ${boxes.withoutTruth} analysed studies left out: no boxes in their truth.` : ''}`,
  )}</div></div>`
}

function labellingSection(labelling: Labelling | null): Markup {
  if (!labelling) return html`<h3>Level labels</h3><p>Not scored: there are no masks to compare with.</p>`
  const { confusion, levels } = labelling
  return html`<h3>Level labels</h3>
<p>${labelling.vertebrae} vertebrae in view of ${labelling.studies} studies, analysable or not. A label belongs to the vertebra that its centre is nearest to, within 20 mm.</p>
<div class="figures">${figure(
    confusionPlot(confusion, LABEL_NAMES.slice(1), LABEL_NAMES, 'Confusion of vertebra labels'),
    'Confusion of neighbours',
    'Rows are the true vertebrae. One cell beside the diagonal is a shift by one level.',
  )}<div>${table(
    ['Level', 'n', 'label right', 'Dice', 'median distance'],
    levels.map((l): Cell[] => [
      l.name,
      l.count,
      share(l.right),
      number(l.dice),
      l.medianMm === null ? '–' : `${l.medianMm.toFixed(1)} mm`,
    ]),
  )}</div></div>
${table(
  ['', 'labels right', 'chains without an error', 'mean Dice'],
  [
    ['model', estimate(labelling.rightByPatient), share(labelling.exactChains), estimate(labelling.dice)],
    ['counted from the top', share(labelling.countedFromTop), '–', '0'],
  ],
  'Intervals of labels and Dice: patients drawn anew; of chains: Wilson. Counted from the top: the highest vertebra in view is called C1. An empty mask has Dice 0.',
)}`
}

function timesSection({ times }: Part): Markup {
  if (times.length === 0) return NOTHING
  return html`<h3>Time a study</h3>${table(
    ['Stage', 'n', 'p50', 'p95'],
    times.map((t): Cell[] => [t.stage, t.count, seconds(t.p50Ms), seconds(t.p95Ms)]),
    'On the machine that made the reports, with whatever else ran on it. Phantoms made in memory are not read from files: their reading takes no time here.',
  )}`
}
