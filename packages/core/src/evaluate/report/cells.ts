import { html, type Markup, NOTHING } from '../../report/markup.ts'
import { LEAST_PATIENTS } from '../metrics/bootstrap.ts'
import type { Estimate } from '../metrics/estimate.ts'
import type { Share } from '../metrics.ts'

/** "–" is what is not defined; it is never written as 0. */
export const number = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits)

/** A value with its interval, which is smaller and never stands alone. */
function withInterval(value: number, low: number, high: number, digits: number): Markup {
  return html`<b>${number(value, digits)}</b> <span class="interval">[${number(low, digits)}, ${number(high, digits)}]</span>`
}

export const share = (s: Share | null | undefined, digits = 3): Markup =>
  s ? withInterval(s.value, s.low, s.high, digits) : html`–`

export const estimate = (e: Estimate | null | undefined, digits = 3): Markup => {
  if (!e) return html`–`
  const { value, interval } = e
  return interval
    ? withInterval(value, interval.low, interval.high, digits)
    : html`<b>${number(value, digits)}</b>`
}

/** The interval alone, for a value that stands beside it. */
export const interval = (e: Estimate | null | undefined): Markup =>
  e?.interval
    ? html`<span class="interval">[${number(e.interval.low)}, ${number(e.interval.high)}]</span>`
    : html`–`

/** Why a value stands without brackets. */
export const FEW = `No brackets: fewer than ${LEAST_PATIENTS} patients with or without a fracture, or every draw gives the same.`

export type Cell = string | number | Markup

/** A table whose first column names its rows; the others are right-aligned. A row of one cell is a heading. */
export function table(head: readonly Cell[], rows: readonly (readonly Cell[])[], note: Cell = ''): Markup {
  const body = rows.map(([name, ...cells]) =>
    cells.length === 0
      ? html`<tr class="heading"><th scope="rowgroup" colspan="${head.length}">${name}</th></tr>`
      : html`<tr${isTrivial(name) ? html` class="trivial"` : NOTHING}><th scope="row">${name}</th>${cells.map((c) => html`<td>${c}</td>`)}</tr>`,
  )
  return html`<div class="scroll"><table><thead><tr>${head.map((h) => html`<th scope="col">${h}</th>`)}</tr></thead>
<tbody>${body}</tbody></table></div>${note === '' ? NOTHING : html`<p class="note">${note}</p>`}`
}

/** Rows of answers that need no images are set apart. */
const TRIVIAL = [
  'always positive',
  'base rate',
  'best constant for each column',
  'one half everywhere',
  'counted from the top',
]
const isTrivial = (name: Cell): boolean => typeof name === 'string' && TRIVIAL.includes(name)

export const figure = (picture: Markup, title: string, caption: Cell): Markup =>
  html`<figure><h4>${title}</h4>${picture}<figcaption>${caption}</figcaption></figure>`

/** Milliseconds as seconds. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
