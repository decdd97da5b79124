import { html, type Markup } from '../../report/markup.ts'

export type Axis = {
  readonly label: string
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
  /** Even steps for equal ratios; `from` must be above 0. */
  readonly log?: boolean
  readonly format?: (tick: number) => string
}

/** Room around the plot for tick labels and titles, and the size of the plot itself; units of the view box. */
const [LEFT, TOP, RIGHT, BOTTOM] = [52, 10, 12, 46]
const [WIDTH, HEIGHT] = [300, 260]

export type Frame = {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
  /** A path through points; those outside the axes are clipped. */
  readonly path: (points: readonly (readonly [x: number, y: number])[]) => string
}

/** A plot with axes, grid and titles around what `draw` puts into it. Text is the description for who cannot see it. */
export function plot(
  x: Axis,
  y: Axis,
  description: string,
  draw: (frame: Frame) => readonly Markup[],
): Markup {
  const frame: Frame = {
    x: (v) => round(LEFT + WIDTH * place(x, v)),
    y: (v) => round(TOP + HEIGHT * (1 - place(y, v))),
    path: (points) => {
      const steps = points.map(([px, py]) => `${frame.x(px)} ${frame.y(py)}`)
      return steps.length === 0 ? '' : `M${steps.filter((s, n) => s !== steps[n - 1]).join('L')}`
    },
  }
  const text = (axis: Axis, tick: number) => axis.format?.(tick) ?? String(tick)
  const [bottom, right] = [TOP + HEIGHT, LEFT + WIDTH]
  return html`<svg class="plot" viewBox="0 0 ${LEFT + WIDTH + RIGHT} ${TOP + HEIGHT + BOTTOM}" role="img" aria-label="${description}">
<g class="grid">${x.ticks.map((t) => html`<path d="M${frame.x(t)} ${TOP}V${bottom}"/>`)}${y.ticks.map((t) => html`<path d="M${LEFT} ${frame.y(t)}H${right}"/>`)}</g>
<g class="ticks">${x.ticks.map((t) => html`<text x="${frame.x(t)}" y="${bottom + 15}" text-anchor="middle">${text(x, t)}</text>`)}${y.ticks.map((t) => html`<text x="${LEFT - 6}" y="${frame.y(t) + 4}" text-anchor="end">${text(y, t)}</text>`)}</g>
<text class="title" x="${LEFT + WIDTH / 2}" y="${bottom + 36}" text-anchor="middle">${x.label}</text>
<text class="title" transform="translate(13 ${TOP + HEIGHT / 2})rotate(-90)" text-anchor="middle">${y.label}</text>
${draw(frame)}
<path class="frame" d="M${LEFT} ${TOP}V${bottom}H${right}"/>
</svg>`
}

/** Share of the way along an axis, kept inside it. */
function place({ from, to, log }: Axis, value: number): number {
  const share = log
    ? Math.log(Math.max(value, from) / from) / Math.log(to / from)
    : (value - from) / (to - from)
  return Math.min(Math.max(share, 0), 1)
}

const round = (value: number): number => Math.round(value * 10) / 10

export const UNIT: Pick<Axis, 'from' | 'to' | 'ticks' | 'format'> = {
  from: 0,
  to: 1,
  ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
  format: (tick) => tick.toFixed(1),
}
