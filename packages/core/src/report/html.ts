import type { Level } from '../levels.ts'
import { figureSvg } from './html-figure.ts'
import { STYLE } from './html-style.ts'
import { html, type Markup, NOTHING } from './markup.ts'
import type { Call, Figure, Report, VertebraResult } from './report.ts'
import { CALL_WORDS, percent, sliceWords, verdict, whereWords } from './where.ts'

/** Longer lists of skipped files help nobody on a page; the JSON has them all. */
const SKIPPED_SHOWN = 200
const REASONS_SHOWN = 5

const CALL_MARKS: Readonly<Record<Call, string>> = {
  fracture: '▲',
  'no-fracture': '○',
  'not-assessable': '–',
}

/** The report as one self-contained page: no scripts, nothing fetched, every text from a file escaped. */
export function toHtml(report: Report): string {
  const flagged = report.vertebrae.filter((v) => v.call === 'fracture')
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>NeckFrac report: ${verdict(report).headline}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<p class="notice" role="note">${report.notice}</p>
<header class="head">
<h1>NeckFrac · cervical spine CT</h1>
<p class="break">${report.description || report.source}</p>
<p class="soft small break">Study ${report.studyInstanceUid} · ${report.createdAt.replace('T', ' ').slice(0, 16)} UTC</p>
</header>
<main>
${verdictBlock(report)}
<div class="columns">
${overview(report, new Set(flagged.map((v) => v.level)))}
<div>
${bars(report)}
${findings(report)}
</div>
</div>
${flagged.map((v) => card(v, report))}
${provenance(report)}
</main>
</body>
</html>
`
  return page.markup
}

function verdictBlock(report: Report): Markup {
  const { tone, headline, detail } = verdict(report)
  const { probability, threshold } = report.patient
  const number =
    report.status === 'analysed' && probability !== null
      ? html`<div class="number"><b>${percent(probability)}</b><p class="soft small">probability of any fracture · threshold ${percent(threshold)}</p></div>`
      : NOTHING
  return html`<div class="verdict ${tone}"><div><strong>${headline}</strong><p>${detail}</p></div>${number}</div>`
}

function overview(report: Report, flagged: ReadonlySet<Level>): Markup {
  const figure = report.figures.find((f) => f.kind === 'overview')
  const labels = [...new Set(figure?.outlines.map((o) => o.label))]
  const named = labels.length > 0 ? `Outlined: ${labels.join(', ')}.` : 'No vertebra was labelled.'
  const picture = figure
    ? html`<figure>${figureSvg(figure, flagged, `Sagittal overview of the neck. ${named}`)}
<figcaption>${labels.length > 0 ? 'Reformat along the midline of the spine' : 'Cut through the middle of the volume'}, ${figure.spacingMm} mm pixels, window 1800 / 400 HU. ${named}${flagged.size > 0 ? ' ▲ marks a flagged vertebra.' : ''}</figcaption></figure>`
    : html`<p class="soft">This report was made without pictures.</p>`
  return html`<section class="overview"><h2>Sagittal overview</h2>${picture}</section>`
}

function bars(report: Report): Markup {
  const judged = (call: Call): Call => (report.status === 'analysed' ? call : 'not-assessable')
  const row = (name: string, { probability, threshold, call }: Report['patient'], note: string) => {
    const words = `${CALL_MARKS[judged(call)]} ${CALL_WORDS[judged(call)]}`
    const known = probability !== null && judged(call) !== 'not-assessable'
    const bar = known
      ? html`<div class="track" aria-hidden="true"><div class="fill" style="width:${(100 * probability).toFixed(1)}%"></div><div class="threshold" style="left:calc(${(100 * threshold).toFixed(1)}% - 1px)"></div></div>`
      : html`<div class="track hatched" aria-hidden="true"></div>`
    return html`<tr class="${judged(call)}${name === 'Patient' ? ' patient' : ''}"><th scope="row">${name}</th><td class="bar">${bar}</td><td class="number-cell">${known ? percent(probability) : '–'}</td><td class="number-cell soft">${percent(threshold)}</td><td class="call">${words}${note === '' ? NOTHING : html`<br><span class="small">${note}</span>`}</td></tr>`
  }
  return html`<section><h2>Fracture probability</h2>
<table class="bars"><thead><tr><th scope="col">Level</th><th scope="col"><span class="hint">0 – 100 %, upright mark: threshold</span></th><th scope="col" class="number-cell">Prob.</th><th scope="col" class="number-cell">Thr.</th><th scope="col">Call</th></tr></thead>
<tbody>${report.vertebrae.map((v) => row(v.level, v, v.box === null && report.status === 'analysed' ? whereWords(v, report) : v.inView === 'partly' ? 'only partly in view' : ''))}
${row('Patient', report.patient, '')}</tbody></table>
<p class="soft small" style="margin-top:10px">Patient: the probability that any vertebra in view is fractured. Operating point: ${report.bundle.operatingPoint}.</p></section>`
}

function findings({ findings }: Report): Markup {
  const marks = { blocking: '✕ Blocking', warning: '! Warning', info: 'i Note' }
  const items = findings.map(
    (f) => html`<li class="${f.severity}"><b>${marks[f.severity]}</b> ${f.message}</li>`,
  )
  return html`<section><h2>Quality of the study</h2>${
    items.length > 0
      ? html`<ul class="findings">${items}</ul>`
      : html`<p>Nothing found that limits the reading.</p>`
  }</section>`
}

/** One flagged vertebra: where, and its two pictures. */
function card(vertebra: VertebraResult, report: Report): Markup {
  const { level, probability, threshold, box } = vertebra
  const where = whereWords(vertebra, report)
  const flagged = new Set([level])
  const picture = (figure: Figure) => {
    const axial = figure.kind === 'axial'
    const plane = axial ? 'Axial' : 'Sagittal'
    const slice = axial && box ? `, ${sliceWords(box, report.geometry.sliceCount)}` : ''
    const caption = axial
      ? `${plane}${slice}. The box marks the most suspicious place.`
      : `${plane} cut through the centre of the box; the lines at the sides mark the axial slice.`
    return html`<figure class="close">${figureSvg(figure, flagged, `${plane} picture of ${level}${slice}, the suspected fracture is marked`)}<figcaption>${caption}</figcaption></figure>`
  }
  const pictures = report.figures.filter((f) => f.level === level).map(picture)
  const pixels = box
    ? html`<p class="soft small">Box: x ${box.x}, y ${box.y}, ${box.width} × ${box.height} pixels</p>`
    : NOTHING
  return html`<article class="card"><header><h3>▲ ${level}</h3><p><b>${probability === null ? '–' : percent(probability)}</b> <span class="soft">threshold ${percent(threshold)}</span></p><p>${where}</p>${pixels}</header>
<div class="pair">${pictures}</div></article>`
}

/** What was read, what judged it, and how long it took. */
function provenance(report: Report): Markup {
  const { bundle, geometry, timingsMs, software } = report
  const total = Object.values(timingsMs).reduce((a, b) => a + b, 0)
  const steps = Object.entries(timingsMs).map(([name, ms]) => `${name} ${(ms / 1000).toFixed(2)} s`)
  return html`<section><h2>What was read</h2><div class="scroll"><table><thead><tr><th scope="col">Series</th><th scope="col">Slices</th><th scope="col">Spacing, mm</th><th scope="col">Kernel</th><th scope="col">Decision</th></tr></thead>
<tbody>${report.series.map(
    (s) =>
      html`<tr><td class="break">${s.chosen ? html`<b>${s.description || s.modality}</b>` : s.description || s.modality}</td><td>${s.plane}, ${s.sliceCount} × ${s.columns} × ${s.rows}</td><td>${s.spacingMm ? s.spacingMm.map((v) => v.toFixed(2)).join(' × ') : '–'}</td><td>${s.kernel || '–'}</td><td>${s.chosen ? 'Read: ' : 'Not read: '}${s.reason}</td></tr>`,
  )}</tbody></table></div>
<p class="soft small" style="margin-top:10px">Volume: ${geometry.sliceCount} slices of ${geometry.columns} × ${geometry.rows}, ${geometry.spacingMm.map((v) => v.toFixed(3)).join(' × ')} mm. Series <span class="break">${report.seriesInstanceUid}</span></p>
${skipped(report)}</section>
<section><h2>What judged it</h2><dl>
<dt>Model</dt><dd>${bundle.name} ${bundle.version}, trained on ${bundle.trainedOn}${bundle.site === undefined ? '' : `; adjusted without labels on ${bundle.site}`}</dd>
<dt>Software</dt><dd>${software.name} ${software.version}</dd>
${Object.entries(bundle.networks).map(([name, hash]) => html`<dt>${name}</dt><dd><code>sha256 ${hash}</code></dd>`)}
<dt>Time</dt><dd>${(total / 1000).toFixed(2)} s${steps.length > 0 ? ` (${steps.join(', ')})` : ''}</dd>
<dt>Source</dt><dd>${report.source}</dd>
</dl></section>`
}

/** How many files were not used, by reason, and the first of them by name. */
function skipped({ skipped }: Report): Markup {
  if (skipped.length === 0) return html`<p class="small soft">Every file was used.</p>`
  const reasons = new Map<string, number>()
  for (const { reason } of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  const commonest = [...reasons].sort((a, b) => b[1] - a[1]).slice(0, REASONS_SHOWN)
  const summary =
    commonest.map(([r, n]) => `${r} (${n})`).join('; ') + (reasons.size > REASONS_SHOWN ? '; …' : '')
  const more = skipped.length - SKIPPED_SHOWN
  return html`<details class="small" style="margin-top:10px"><summary>${skipped.length} ${skipped.length === 1 ? 'file was' : 'files were'} not used: ${summary}</summary>
<ul>${skipped.slice(0, SKIPPED_SHOWN).map((s) => html`<li class="break">${s.path}: ${s.reason}</li>`)}${more > 0 ? html`<li>and ${more} more, all in the JSON report</li>` : NOTHING}</ul></details>`
}
