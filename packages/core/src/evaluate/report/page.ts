import { html, type Markup, NOTHING } from '../../report/markup.ts'
import type { Assessment, Part } from '../assessment.ts'
import type { Share } from '../metrics.ts'
import { type Cell, estimate, FEW, number, seconds, share, table } from './cells.ts'
import { partSections } from './part-page.ts'
import { PUBLISHED } from './published.ts'
import { STYLE } from './style.ts'

/** The evaluation as one self-contained page: no scripts, nothing fetched. */
export function toEvaluationPage(assessment: Assessment): string {
  const { synthetic, parts, bundle } = assessment
  const tag = synthetic === null ? NOTHING : html`<span class="tag">synthetic</span>`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>NeckFrac evaluation${synthetic === null ? '' : ' (synthetic)'}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<p class="notice" role="note">Not a medical device. <span>Research software: nothing here supports its use in the care of patients.</span>${
    synthetic === null
      ? NOTHING
      : html`<br>Synthetic data. <span>${synthetic} Every number of ours on this page was measured on necks that a program drew, and says nothing about patients.</span>`
  }</p>
<header><h1>NeckFrac evaluation${tag}</h1>
<p>${assessment.studies}</p>
<p class="soft small">${bundle ? `Bundle ${bundle.name} ${bundle.version}, trained on ${bundle.trainedOn}. ` : ''}${assessment.createdAt.replace('T', ' ').slice(0, 16)} UTC</p></header>
<main>
${headline(parts, tag)}
${parts.map((part) => partSections(part, tag))}
${comparison(parts, synthetic !== null)}
${methods(assessment)}
</main>
</body>
</html>
`
  return page.markup
}

/** The numbers that the rest of the page explains, each beside what needs no images. */
function headline(parts: readonly Part[], tag: Markup): Markup {
  const tagged = (value: Markup) => html`${value}${value.markup === '–' ? NOTHING : tag}`
  const row = (name: string, cell: (p: Part) => Markup, trivial: (p: Part) => Cell): Cell[] => [
    name,
    ...parts.map((p) => tagged(cell(p))),
    trivial(parts[0]),
  ]
  const question = (p: Part, name: string) => p.questions.find((q) => q.name === name)
  const group = (p: Part, name: string) => p.points[0].evaluation.groups.find((g) => g.name === name)
  const at = parts[0].points[0].name
  const plain = (text: string) => html`<b>${text}</b>`
  return html`<section class="headline"><h3>At a glance</h3>${table(
    [
      '',
      ...parts.map((p) => html`${p.title}, n = ${p.studies.total}`),
      parts.length > 1 ? 'Trivial answer, first column' : 'Trivial answer',
    ],
    [
      row(
        'Patient: AUC',
        (p) => estimate(question(p, 'patient')?.auc),
        () => '0.500, a guess',
      ),
      row(
        `Patient: sensitivity at ${at}`,
        (p) => share(group(p, 'patient')?.model.recall),
        () => '1.000, always positive',
      ),
      row(
        `Patient: specificity at ${at}`,
        (p) => share(group(p, 'patient')?.model.specificity),
        () => '0.000, always positive',
      ),
      row(
        `Patient: F2 at ${at}`,
        (p) => estimate(p.points[0].clustered.patient.f2),
        (p) => `${number(group(p, 'patient')?.alwaysPositive.f2)}, always positive`,
      ),
      row(
        'Patient: F2 gained over always positive',
        (p) => estimate(p.points[0].clustered.patient.f2Gain),
        () => '0, always positive',
      ),
      row(
        'Vertebrae: AUC',
        (p) => estimate(question(p, 'vertebrae')?.auc),
        (p) => `${number(group(p, 'vertebrae')?.baseRate.auc)}, base rate by level`,
      ),
      row(
        `Vertebrae: sensitivity at ${at}`,
        (p) => share(group(p, 'vertebrae')?.model.recall),
        () => '1.000, always positive',
      ),
      row(
        `Vertebrae: specificity at ${at}`,
        (p) => share(group(p, 'vertebrae')?.model.specificity),
        () => '0.000, always positive',
      ),
      row(
        'Fractures boxed at 1 false box a scan',
        (p) => estimate(p.boxes?.model.sensitivities.find((s) => s.falseBoxes === 1)?.sensitivity),
        (p) =>
          `${number(p.boxes?.wholeVertebrae?.sensitivities.find((s) => s.falseBoxes === 1)?.sensitivity.value)}, whole vertebrae`,
      ),
      row(
        'Level labels right',
        (p) => estimate(p.labelling?.rightByPatient),
        (p) => `${number(p.labelling?.countedFromTop?.value)}, counted from the top`,
      ),
      row(
        'Mean Dice of vertebrae',
        (p) => estimate(p.labelling?.dice),
        () => '0, an empty mask',
      ),
      row(
        'RSNA 2022 log loss, per study',
        (p) => plain(number(p.points[0].evaluation.competition.model.perStudy)),
        (p) => `${number(p.points[0].evaluation.competition.bestConstant.perStudy)}, best constant`,
      ),
      row(
        'Analysed / not analysable / failed',
        (p) => plain(`${p.studies.analysed} / ${p.studies.notAnalysable} / ${p.studies.failed}`),
        () => '',
      ),
      row(
        'Time a study, p50 / p95',
        (p) => (p.times[0] ? plain(`${seconds(p.times[0].p50Ms)} / ${seconds(p.times[0].p95Ms)}`) : html`–`),
        () => '',
      ),
    ],
    `Brackets: 95 % intervals; Wilson for sensitivity and specificity, otherwise patients drawn anew. ${FEW}`,
  )}</section>`
}

/** Others' results on real patients, ours last and marked. */
function comparison(parts: readonly Part[], synthetic: boolean): Markup {
  const percent = (s: Share | null | undefined) => {
    const [value, low, high] = s ? [s.value, s.low, s.high].map((v) => (100 * v).toFixed(1)) : []
    return s ? `${value} [${low}-${high}]` : '–'
  }
  const own = parts.map((p): Cell[] => {
    const patient = p.points[0].evaluation.groups.find((g) => g.name === 'patient')?.model
    const auc = (name: string) => number(p.questions.find((q) => q.name === name)?.auc?.value, 2)
    return [
      html`<b>NeckFrac, this evaluation</b>`,
      html`<b>${synthetic ? 'SYNTHETIC' : 'as stated above'}</b>`,
      `${p.title}, n = ${p.studies.analysed}, at ${p.points[0].name}`,
      percent(patient?.recall),
      percent(patient?.specificity),
      `${auc('patient')} patient, ${auc('vertebrae')} vertebra`,
      '',
      'this page',
    ]
  })
  return html`<section><h2>Beside published results</h2>
<p>${synthetic ? 'The rows cannot be ranked against each other: ours are of drawn necks, the others of patients, each with another mix of injuries. They show what a run on real patients would have to be compared with.' : 'Each study has another mix of patients and injuries.'}</p>
${{
  markup: table(
    ['Who', 'Measured on', 'Setting', 'Sensitivity, %', 'Specificity, %', 'AUC', 'Also', 'Source'],
    [
      ...PUBLISHED.map((p): Cell[] => [
        p.who,
        'real patients',
        p.setting,
        p.sensitivity ?? '–',
        p.specificity ?? '–',
        p.auc ?? '–',
        p.other,
        `${p.source} (${p.basis})`,
      ]),
      ...own,
    ],
  ).markup.replace('<table>', '<table class="words">'),
}}</section>`
}

function methods({ bootstrap, bundle, software, parts }: Assessment): Markup {
  return html`<section><h2>Methods</h2>
<p><b>Intervals.</b> AUC, average precision, precision, F1, F2, log loss, Brier score, calibration error, boxes, labels and Dice: percentile bootstrap, ${bootstrap.replicates} replicates, seed ${bootstrap.seed}, whole patients drawn with replacement, since vertebrae of one patient are not independent. Shares: Wilson's score interval. ${FEW}</p>
<p><b>Patient.</b> Fractured when any of C1-C7 is; its probability is that of at least one fracture were the vertebrae independent.</p>
<p><b>Vertebrae.</b> Judged under the label that the segmenter gave: a shifted label is an error here, too. Levels without a label are not scored; the counts and the tables by fracture show them.</p>
<p><b>Thresholds</b> were given to this evaluation, which tunes nothing${bundle?.learnedOn ? `; they were learned on ${bundle.learnedOn}` : ''}.</p>
<p><b>Trivial answers.</b> Always positive calls everything. Base rate gives every vertebra its level's share of fractures in these very studies, and calls nothing. Average precision is scikit-learn's; what is not defined is –, never 0.</p>
<p><b>Boxes.</b> The truth is the hull of a fracture's boxes on single slices. A second box on a fracture is neither right nor false. ${parts.some((p) => p.heldOut) ? 'That a family was held out from training is what the one who ran this evaluation says.' : ''}</p>
<dl><dt>Software</dt><dd>${software.name} ${software.version}</dd>${
    bundle
      ? html`<dt>Bundle</dt><dd>${bundle.name} ${bundle.version}, trained on ${bundle.trainedOn}</dd>${Object.entries(bundle.networks).map(([name, hash]) => html`<dt>${name}</dt><dd><code>sha256 ${hash}</code></dd>`)}`
      : NOTHING
  }</dl></section>`
}
