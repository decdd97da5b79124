import { encode } from 'fast-png'
import type { Level } from '../levels.ts'
import { base64 } from './base64.ts'
import { html, type Markup, NOTHING } from './markup.ts'
import { area } from './outline.ts'
import type { Figure } from './report.ts'

/** A figure as inline SVG: the picture, vertebra outlines with their names, box, directions and a scale. */
export function figureSvg(figure: Figure, flagged: ReadonlySet<Level>, description: string): Markup {
  const { width, height, spacingMm } = figure
  // Letters of 5 mm in the overview and 4 mm in the close-ups read well at the page's sizes.
  const letter = (figure.kind === 'overview' ? 5 : 4) / spacingMm
  return html`<svg class="figure" viewBox="0 0 ${width} ${height}" role="img" aria-label="${description}" font-size="${round(letter)}">
<image href="${pngUri(figure)}" width="${width}" height="${height}"/>
${outlines(figure, flagged)}${names(figure, flagged, letter)}${boxMark(figure, letter)}${frame(figure, letter)}
</svg>`
}

/** Grey PNG of the pixels. */
export function pngUri({ width, height, pixels }: Figure): string {
  const png = encode({ width, height, data: pixels, channels: 1, depth: 8 })
  return `data:image/png;base64,${base64(png)}`
}

const outlines = (figure: Figure, flagged: ReadonlySet<Level>): Markup[] =>
  figure.outlines.map(({ label, points }) => {
    const marked = isFlagged(label, flagged, figure)
    return html`<path class="outline${marked ? ' flagged' : ''}" d="M${points.map((p) => p.join(' ')).join('L')}Z"/>`
  })

/** In a close-up only the vertebra that it is about stands out. */
const isFlagged = (label: string, flagged: ReadonlySet<Level>, { level }: Figure): boolean =>
  level === null ? flagged.has(label as Level) : label === level

/** Each vertebra's name once, in front of (or beside) its foremost large part, without overlaps. */
function names(figure: Figure, flagged: ReadonlySet<Level>, letter: number): Markup[] {
  const labels = [...new Set(figure.outlines.map((o) => o.label))]
  const placed = labels.map((label) => {
    const parts = figure.outlines
      .filter((o) => o.label === label)
      .map(({ points }) => ({
        size: Math.abs(area(points)),
        left: Math.min(...points.map((p) => p[0])),
        y: points.reduce((sum, p) => sum + p[1], 0) / points.length,
      }))
    const largest = Math.max(...parts.map((p) => p.size))
    // Seen from above the name stands beside the whole vertebra; from the side, before its body.
    const least = figure.kind === 'axial' ? 0 : largest / 4
    const part = parts.filter((p) => p.size >= least).reduce((a, b) => (b.left < a.left ? b : a))
    return { label, x: Math.max(part.left - letter * 0.6, letter * 2.6), y: part.y }
  })
  placed.sort((a, b) => a.y - b.y)
  let last = Number.NEGATIVE_INFINITY
  return placed.map(({ label, x, y }) => {
    last = Math.max(y + letter * 0.35, last + letter * 1.05)
    const marked = isFlagged(label, flagged, figure)
    return html`<text class="name${marked ? ' flagged' : ''}" x="${round(x)}" y="${round(last)}" text-anchor="end">${marked ? '▲ ' : ''}${label}</text>`
  })
}

function boxMark({ box, kind, width }: Figure, letter: number): Markup {
  if (!box) return NOTHING
  const { x, y } = box
  const rect = html`<rect class="box" x="${round(x)}" y="${round(y)}" width="${round(box.width)}" height="${round(box.height)}"/>`
  if (kind !== 'sagittal') return rect
  // On the cut across, short lines at both sides show the height of the axial picture.
  const level = round(y + box.height / 2)
  return html`${rect}<path class="level" d="M0 ${level}H${round(letter * 2)}M${round(width - letter * 2)} ${level}H${width}"/>`
}

/** The patient's directions at the edges and a scale of 20 mm. */
function frame({ kind, width, height, spacingMm }: Figure, letter: number): Markup {
  const [left, right, top, bottom] = kind === 'axial' ? ['R', 'L', 'A', 'P'] : ['A', 'P', 'H', 'F']
  // On the sagittal close-up the middle belongs to the mark of the axial slice.
  const middle = round(height * (kind === 'sagittal' ? 0.25 : 0.5) + letter * 0.35)
  const edge = round(letter * 0.4)
  const bar = 20 / spacingMm
  const x = width - letter * 0.6
  const y = round(height - letter * 0.6)
  return html`<g class="frame"><text x="${edge}" y="${middle}">${left}</text><text x="${round(width - letter * 0.4)}" y="${middle}" text-anchor="end">${right}</text><text x="${width / 2}" y="${round(letter)}" text-anchor="middle">${top}</text><text x="${width / 2}" y="${round(height - letter * 0.4)}" text-anchor="middle">${bottom}</text><path class="scale" d="M${round(x - bar)} ${y}H${round(x)}"/><text x="${round(x - bar / 2)}" y="${round(height - letter)}" text-anchor="middle" class="small">20 mm</text></g>`
}

const round = (value: number): number => Math.round(value * 10) / 10
