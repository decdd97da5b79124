import { figureSvg } from '../report/html-figure.ts'
import { STYLE } from '../report/html-style.ts'
import { html, type Markup, NOTHING } from '../report/markup.ts'
import { traceLabels } from '../report/outline.ts'
import { drawSheet, type Sheet } from '../report/plane.ts'
import type { Figure } from '../report/report.ts'
import type { Segmentation } from '../segment/segmentation.ts'
import type { Volume } from '../volume/volume.ts'
import { type Canal, lineThrough } from './canal.ts'
import { type NeckReading, READ_LEVELS } from './reading.ts'
import { READING } from './reading-sheet.ts'
import { type NeckResult, type NecksSummary, necksToText } from './summary.ts'

const SPACING_MM = 0.6

/** A labelled neck's picture: a sagittal cut that follows the canal. */
export type NeckPicture = { readonly figure: Figure; readonly topMm: number }

/** Draws the labels over a cut along the canal; along the vertebrae where no expert drew the cord. */
export function drawNeck(
  volume: Volume,
  segmentation: Segmentation,
  canal: Canal | null,
  field: { readonly top: number; readonly bottom: number },
): NeckPicture {
  const { frontMm, backMm, aboveMm, belowMm } = READING
  const knots = segmentation.vertebrae.map((v) => v.centreLps).sort((a, b) => a[2] - b[2])
  const at = canal?.at ?? (knots.length > 0 ? lineThrough(knots) : () => [0, 0, 0] as const)
  const head = canal?.cord.top ?? knots.at(-1)?.[2] ?? field.top
  const topMm = Math.min(field.top, head + aboveMm)
  const bottomMm = Math.max(field.bottom, head - belowMm)
  const sheet: Sheet = {
    width: Math.round((frontMm + backMm) / SPACING_MM),
    height: Math.max(1, Math.round((topMm - bottomMm) / SPACING_MM)),
    spacingMm: SPACING_MM,
    normal: [1, 0, 0],
    toLps: (u, v) => {
      const [x, y, z] = at(topMm - v * SPACING_MM)
      return [x, y - frontMm + u * SPACING_MM, z]
    },
  }
  const { width, height, spacingMm } = sheet
  const pixels = drawSheet(volume, sheet)
  const outlines = traceLabels(segmentation.labels, sheet)
  return {
    figure: { kind: 'overview', level: null, width, height, spacingMm, pixels, outlines, box: null },
    topMm,
  }
}

/** One page, the wrong ones first: each labelled neck beside what was read. */
export function necksPage(
  name: string,
  summary: NecksSummary,
  necks: readonly {
    readonly result: NeckResult
    readonly picture: NeckPicture
    readonly reading: NeckReading | null
  }[],
): string {
  const badness = ({ neck }: NeckResult) =>
    10 * (neck.read - neck.right + neck.misplaced.length) +
    (neck.broken ? 5 : 0) +
    neck.vertebrae.filter((v) => v.holdsCord === false).length
  const sorted = necks.toSorted((a, b) => badness(b.result) - badness(a.result))
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Real necks: ${name}</title>
<style>${{ markup: STYLE }}
main{max-width:none}.necks{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:14px}
.neck{padding:8px;margin:0}.pictures{display:grid;grid-template-columns:5fr 1fr}.pictures svg{width:100%;height:auto}
.read{font-size:9px;fill:#ffb347;stroke:none}.read path{stroke:#ffb347}.outline{stroke-width:1;opacity:.7}.bad{color:#ffb347}</style></head><body>
<p class="notice">Real people, of whom nobody knows a fracture. Outlines: the network's labels. Orange: read by eye. Do not publish.</p>
<main><h1>${name}</h1><pre>${necksToText(summary)}</pre><div class="necks">${sorted.map(card)}</div></main></body></html>
`.markup
}

function card({
  result: { id, split, neck },
  picture: { figure, topMm },
  reading,
}: {
  result: NeckResult
  picture: NeckPicture
  reading: NeckReading | null
}): Markup {
  const outside = neck.vertebrae.filter((v) => v.holdsCord === false).map((v) => v.level)
  const lines = [
    split ? `${split}: ${neck.right} of ${neck.read} right` : '',
    neck.misplaced.length > 0 ? `misplaced: ${neck.misplaced.join(', ')}` : '',
    neck.broken ?? '',
    outside.length > 0 ? `cord not inside: ${outside.join(', ')}` : '',
  ].filter((line) => line !== '')
  const bad = neck.exact === false || neck.broken !== null
  return html`<section class="neck"><h3 class="${bad ? 'bad' : ''}">${id}</h3>
<div class="pictures">${figureSvg(figure, new Set(), `Labels of ${id}`)}${strip(figure, topMm, reading)}</div>
<p class="small">${lines.map((line) => html`${line}<br>`)}${reading?.note ?? ''}</p></section>`
}

/** The reading beside the picture, at its heights. */
function strip({ height, spacingMm }: Figure, topMm: number, reading: NeckReading | null): Markup {
  const row = (z: number) => ((topMm - z) / spacingMm).toFixed(1)
  const marks = READ_LEVELS.map((level) => {
    const v = reading?.vertebrae[level]
    if (!v) return NOTHING
    const edge = v.bottomMm === undefined ? NOTHING : html`<path d="M0 ${row(v.bottomMm)}H28"/>`
    return html`<text x="2" y="${row(v.zMm - 2)}">${level}${v.sure ? '' : '?'}</text>${edge}`
  })
  return html`<svg class="read" viewBox="0 0 28 ${height}">${marks}</svg>`
}
