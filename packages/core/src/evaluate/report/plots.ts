import { html, type Markup, NOTHING } from '../../report/markup.ts'
import type { Band } from '../metrics/bootstrap.ts'
import type { Froc, FrocPoint } from '../metrics/froc.ts'
import type { ReliabilityBin } from '../metrics/reliability.ts'
import type { PrPoint, RocPoint } from '../metrics/roc.ts'
import type { Share } from '../metrics.ts'
import { type Frame, plot, UNIT } from './axes.ts'

/** A place on a curve that a threshold gives, named. */
export type Mark = { readonly name: string; readonly x: number; readonly y: number }

/** ROC curve with its band, the operating points, and the diagonal of a guess. */
export const rocPlot = (
  roc: readonly RocPoint[],
  band: Band | null,
  marks: readonly Mark[],
  what: string,
): Markup =>
  plot(
    { ...UNIT, label: 'False-positive rate (1 - specificity)' },
    { ...UNIT, label: 'Sensitivity' },
    `ROC curve, ${what}`,
    (f) => [
      band ? html`<path class="band" d="${bandPath(f, band)}"/>` : NOTHING,
      baseline(f, [
        [0, 0],
        [1, 1],
      ]),
      html`<path class="curve" d="${f.path(roc.map((p) => [p.falsePositiveRate, p.sensitivity]))}"/>`,
      ...markPoints(f, marks),
    ],
  )

function bandPath(f: Frame, { low, high }: Band): string {
  const at = (values: readonly number[]) =>
    values.map((v, n): [number, number] => [n / (values.length - 1), v])
  return `${f.path([...at(high), ...at(low).reverse()])}Z`
}

/** Precision over recall as steps with its band, and the prevalence, which is what a guess reaches. */
export function prPlot(
  pr: readonly PrPoint[],
  band: Band | null,
  prevalence: number,
  marks: readonly Mark[],
  what: string,
): Markup {
  // Average precision counts the precision of the right end of each step.
  const steps = pr.flatMap((p, n): [number, number][] => [
    [pr[n - 1]?.recall ?? 0, p.precision],
    [p.recall, p.precision],
  ])
  return plot(
    { ...UNIT, label: 'Recall (sensitivity)' },
    { ...UNIT, label: 'Precision' },
    `Precision-recall curve, ${what}`,
    (f) => [
      band ? html`<path class="band" d="${bandPath(f, band)}"/>` : NOTHING,
      baseline(f, [
        [0, prevalence],
        [1, prevalence],
      ]),
      html`<path class="curve" d="${f.path(steps)}"/>`,
      ...markPoints(f, marks),
    ],
  )
}

/** Share of fractures over predicted probability; dots grow with the number of cases, whiskers are Wilson intervals. */
export const reliabilityPlot = (bins: readonly ReliabilityBin[], prevalence: number, what: string): Markup =>
  plot(
    { ...UNIT, label: 'Predicted probability' },
    { ...UNIT, label: 'Observed share of fractures' },
    `Reliability curve, ${what}`,
    (f) => {
      const filled = bins.flatMap(({ predicted, observed, count }) =>
        predicted === null || observed === null ? [] : [{ predicted, observed, count }],
      )
      const most = Math.max(...filled.map((b) => b.count))
      return [
        html`<path class="ideal" d="${f.path([
          [0, 0],
          [1, 1],
        ])}"/>`,
        baseline(f, [
          [0, prevalence],
          [1, prevalence],
        ]),
        ...filled.map((b) => whisker(f, b.predicted, b.observed)),
        html`<path class="curve thin" d="${f.path(filled.map((b) => [b.predicted, b.observed.value]))}"/>`,
        ...filled.map(
          (b) =>
            html`<circle class="dot" cx="${f.x(b.predicted)}" cy="${f.y(b.observed.value)}" r="${(2 + 5 * Math.sqrt(b.count / most)).toFixed(1)}"><title>${b.count} cases</title></circle>`,
        ),
      ]
    },
  )

const whisker = (f: Frame, x: number, { low, high }: Share): Markup =>
  html`<path class="whisker" d="M${f.x(x)} ${f.y(low)}V${f.y(high)}"/>`

/** Found fractures over false boxes a scan, on a logarithmic axis, with the readings that count and the trivial marker. */
export function frocPlot(model: Froc, trivial: Froc | null, what: string): Markup {
  const axis = {
    label: 'False boxes a scan',
    from: 0.125,
    to: 8,
    ticks: [0.125, 0.25, 0.5, 1, 2, 4, 8],
    log: true,
  }
  const steps = (points: readonly FrocPoint[]) => {
    const inView = points.flatMap((p, n): [number, number][] => [
      [p.falseBoxes, points[n - 1]?.sensitivity ?? 0],
      [p.falseBoxes, p.sensitivity],
    ])
    return [
      ...inView,
      [Math.max(8, points.at(-1)?.falseBoxes ?? 0), points.at(-1)?.sensitivity ?? 0] as const,
    ]
  }
  return plot(axis, { ...UNIT, label: 'Fractures found' }, `FROC curve, ${what}`, (f) => [
    trivial ? html`<path class="baseline" d="${f.path(steps(trivial.points))}"/>` : NOTHING,
    html`<path class="curve" d="${f.path(steps(model.points))}"/>`,
    ...model.sensitivities.flatMap(({ falseBoxes, sensitivity }) => [
      sensitivity.interval
        ? whisker(f, falseBoxes, { ...sensitivity.interval, value: sensitivity.value })
        : NOTHING,
      html`<circle class="dot" cx="${f.x(falseBoxes)}" cy="${f.y(sensitivity.value)}" r="3.5"/>`,
    ]),
  ])
}

/** Counts of true against given names; each row is shaded by its shares, so that grey alone tells. */
export function confusionPlot(
  counts: readonly (readonly number[])[],
  rows: readonly string[],
  columns: readonly string[],
  what: string,
): Markup {
  const [cell, left, top] = [34, 62, 40]
  return html`<svg class="plot matrix" viewBox="0 0 ${left + cell * columns.length + 4} ${top + cell * rows.length + 4}" role="img" aria-label="${what}">
<text class="title" x="${left + (cell * columns.length) / 2}" y="13" text-anchor="middle">Given</text>
<text class="title" transform="translate(14 ${top + (cell * rows.length) / 2})rotate(-90)" text-anchor="middle">True</text>
${columns.map((name, n) => html`<text x="${left + cell * (n + 0.5)}" y="32" text-anchor="middle">${name}</text>`)}
${rows.map((name, r) => {
  const total = counts[r].reduce((a, b) => a + b, 0)
  return html`<text x="${left - 8}" y="${top + cell * (r + 0.5) + 4}" text-anchor="end">${name}</text>${counts[
    r
  ].map((count, c) => {
    const share = total === 0 ? 0 : count / total
    return html`<g class="${share > 0.5 ? 'dark' : ''}"><rect x="${left + cell * c}" y="${top + cell * r}" width="${cell}" height="${cell}" fill-opacity="${share.toFixed(3)}"/>${count === 0 ? NOTHING : html`<text x="${left + cell * (c + 0.5)}" y="${top + cell * (r + 0.5) + 4}" text-anchor="middle">${count}</text>`}</g>`
  })}`
})}</svg>`
}

const baseline = (f: Frame, points: readonly (readonly [number, number])[]): Markup =>
  html`<path class="baseline" d="${f.path(points)}"/>`

/** Operating points as hollow shapes that differ without colour: circle, square, triangle. */
const markPoints = (f: Frame, marks: readonly Mark[]): Markup[] =>
  marks.map(({ name, x, y }, n) => {
    const [cx, cy] = [f.x(x), f.y(y)]
    const shapes = [
      html`<circle cx="${cx}" cy="${cy}" r="5"/>`,
      html`<rect x="${cx - 4.5}" y="${cy - 4.5}" width="9" height="9"/>`,
      html`<path d="M${cx} ${cy - 6}l5.5 10h-11z"/>`,
    ]
    return html`<g class="mark">${shapes[n % shapes.length]}<title>${name}</title></g>`
  })
