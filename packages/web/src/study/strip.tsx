import type { LabelVolume, Level } from '@neckfrac/core'
import { LEVELS, labelOf } from '@neckfrac/core'
import { type KeyboardEvent, type PointerEvent, useMemo } from 'react'
import type { StudyReport } from '../studies/studies.ts'

type StripProps = {
  report: StudyReport
  labels: LabelVolume | null
  /** Ends of the volume along the body, LPS z, mm. */
  range: { readonly foot: number; readonly head: number }
  /** Where the axial plane is. */
  depthMm: number
  height: number
  onJump: (zMm: number) => void
}

const WIDTH = 84
/** Room for the vertebrae's names at the left. */
const NAMES = 30

/** Suspicion from head to feet beside the axial view, with the vertebrae marked; a click jumps there. */
export function SuspicionStrip({ report, labels, range, depthMm, height, onJump }: StripProps) {
  const { foot, head } = range
  const yOf = (z: number) => ((head - z) / (head - foot)) * height
  const spans = useMemo(
    () => (labels ? spansOf(labels) : new Map<Level, readonly [number, number]>()),
    [labels],
  )
  const jumpTo = (z: number) => onJump(Math.min(head, Math.max(foot, z)))
  const jump = ({ currentTarget, clientY, buttons, type }: PointerEvent<HTMLDivElement>) => {
    if (type === 'pointermove' && buttons !== 1) return
    const { top } = currentTarget.getBoundingClientRect()
    jumpTo(head - ((clientY - top) / height) * (head - foot))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    event.stopPropagation()
    jumpTo(depthMm + step)
  }
  const levelHere = LEVELS.find((level) => {
    const span = spans.get(level)
    return span && depthMm >= span[0] && depthMm <= span[1]
  })
  return (
    <div
      className="strip"
      role="slider"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Suspicion along the spine; moves the axial plane"
      aria-valuemin={Math.round(foot)}
      aria-valuemax={Math.round(head)}
      aria-valuenow={Math.round(depthMm)}
      aria-valuetext={`${depthMm.toFixed(0)} mm${levelHere ? `, ${levelHere}` : ''}`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        jump(event)
      }}
      onPointerMove={jump}
      onKeyDown={onKeyDown}
    >
      <svg width={WIDTH} height={height} aria-hidden="true">
        <line className="strip-axis" x1={NAMES} x2={NAMES} y1={0} y2={height} />
        {report.vertebrae.map(({ level, call, suspicion }) => {
          const span = spans.get(level)
          return (
            <g key={level} className={`strip-level ${call}`}>
              {span && (
                <rect
                  className="strip-span"
                  x={NAMES - 4}
                  width={4}
                  y={yOf(span[1])}
                  height={Math.max(1, yOf(span[0]) - yOf(span[1]) - 1)}
                />
              )}
              {span && (
                <text x={NAMES - 8} y={(yOf(span[0]) + yOf(span[1])) / 2 + 4} textAnchor="end">
                  {level}
                </text>
              )}
              {suspicion && <path className="strip-curve" d={curveOf(suspicion, yOf)} />}
            </g>
          )
        })}
        <line className="strip-here" x1={0} x2={WIDTH} y1={yOf(depthMm)} y2={yOf(depthMm)} />
      </svg>
    </div>
  )
}

/** An area whose width is the suspicion; its square root, so that 0.1 is still seen beside 0.9. */
function curveOf(
  { firstZMm, stepMm, values }: NonNullable<StudyReport['vertebrae'][number]['suspicion']>,
  yOf: (z: number) => number,
): string {
  const room = WIDTH - NAMES - 6
  const points = values.map((value, n) => [NAMES + room * Math.sqrt(value), yOf(firstZMm - n * stepMm)])
  return `M${NAMES} ${points[0][1]}L${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}L${NAMES} ${points.at(-1)![1]}Z`
}

/** Lowest and highest z of each labelled vertebra's body-wide rows, LPS, mm; a tenth at each end is left out as processes. */
function spansOf({ data, shape, ijkToLps }: LabelVolume): ReadonlyMap<Level, readonly [number, number]> {
  const [, ny, nx] = shape
  const heights = new Map<number, number[]>()
  for (let n = 0; n < data.length; n++) {
    if (data[n] === 0 || data[n] > LEVELS.length) continue
    const [i, j, k] = [n % nx, Math.floor(n / nx) % ny, Math.floor(n / (nx * ny))]
    const z = ijkToLps[8] * i + ijkToLps[9] * j + ijkToLps[10] * k + ijkToLps[11]
    const zs = heights.get(data[n]) ?? []
    zs.push(z)
    heights.set(data[n], zs)
  }
  return new Map(
    LEVELS.flatMap((level): [Level, readonly [number, number]][] => {
      const zs = heights.get(labelOf(level))?.sort((a, b) => a - b)
      if (!zs) return []
      return [[level, [zs[Math.floor(zs.length * 0.1)], zs[Math.floor(zs.length * 0.9)]]]]
    }),
  )
}
