import { useMemo } from 'react'
import type { Outline } from './outlines.ts'
import type { Place } from './places.ts'
import { PLANE, type PlaneName, planeCoordinates } from './planes.ts'
import { LINE, type PlaneView } from './scene.ts'

/** A box to draw, and how. */
export type ShownPlace = { readonly place: Place; readonly called: boolean; readonly active: boolean }

type OverlayProps = {
  plane: PlaneName
  /** Whether keys move this plane. */
  isActive: boolean
  view: PlaneView
  outlines: readonly Outline[]
  places: readonly ShownPlace[]
  /** Lines that say where the plane cuts the patient. */
  position: readonly string[]
  /** Width and centre of the window. */
  window: string
}

/** What lies over a plane: outlines, names, boxes, orientation, scale, position. Drawn in mm and put on the canvas by one matrix. */
export function Overlay({ plane, isActive, view, outlines, places, position, window }: OverlayProps) {
  const { letters, title } = PLANE[plane]
  const matrix = `matrix(${view.matrix.map((v) => v.toFixed(4)).join(' ')})`
  const paths = useMemo(() => pathsOf(outlines), [outlines])
  const names = useMemo(() => nameAnchors(outlines, plane), [outlines, plane])
  const onCanvas = (u: number, v: number): [number, number] => {
    const [a, b, c, d, e, f] = view.matrix
    return [a * u + c * v + e, b * u + d * v + f]
  }
  return (
    <svg className="overlay" width={view.width} height={view.height} aria-hidden="true">
      <g transform={matrix}>
        {paths.map(([label, d]) => (
          <path key={label} d={d} className="outline" data-label={label} />
        ))}
        {places.map(({ place, called, active }) => (
          <BoxOnPlane
            key={place.level}
            plane={plane}
            place={place}
            depthMm={view.depthMm}
            called={called}
            active={active}
          />
        ))}
      </g>
      {names.map(({ label, at }) => {
        const [x, y] = onCanvas(...at)
        return (
          <text key={label} className="name" x={x} y={y} textAnchor={plane === 'axial' ? 'start' : 'middle'}>
            {label}
          </text>
        )
      })}
      <text className="letter" x={10} y={view.height / 2}>
        {letters.left}
      </text>
      <text className="letter" x={view.width - 10} y={view.height / 2} textAnchor="end">
        {letters.right}
      </text>
      <text className="letter" x={view.width / 2} y={20} textAnchor="middle">
        {letters.top}
      </text>
      <text className="letter" x={view.width / 2} y={view.height - 10} textAnchor="middle">
        {letters.bottom}
      </text>
      <text className={isActive ? 'note active' : 'note'} x={10} y={20} style={{ fill: LINE[plane] }}>
        {title}
      </text>
      <text className="note" x={view.width - 10} y={20} textAnchor="end">
        {window}
      </text>
      {position.map((words, n) => (
        <text key={words} className="note" x={10} y={view.height - 10 - 16 * (position.length - 1 - n)}>
          {words}
        </text>
      ))}
      <Scale view={view} />
    </svg>
  )
}

/** One path for all outlines of a vertebra. */
function pathsOf(outlines: readonly Outline[]): [label: string, path: string][] {
  const line = ({ points }: Outline) =>
    `M${points.map(([u, v]) => `${u.toFixed(1)} ${v.toFixed(1)}`).join('L')}Z`
  return [...Map.groupBy(outlines, ({ label }) => label)].map(([label, lines]) => [
    label,
    lines.map(line).join(''),
  ])
}

/** The box where the plane cuts it. */
function BoxOnPlane({
  plane,
  place,
  depthMm,
  called,
  active,
}: { plane: PlaneName; depthMm: number } & ShownPlace) {
  if (!place.bounds) return null
  const { min, max } = place.bounds
  const [u1, v1, d1] = planeCoordinates(PLANE[plane], min)
  const [u2, v2, d2] = planeCoordinates(PLANE[plane], max)
  if (depthMm < Math.min(d1, d2) || depthMm > Math.max(d1, d2)) return null
  return (
    <rect
      className={`box${called ? ' called' : ''}${active ? ' active' : ''}`}
      data-level={place.level}
      x={Math.min(u1, u2)}
      y={Math.min(v1, v2)}
      width={Math.abs(u2 - u1)}
      height={Math.abs(v2 - v1)}
    />
  )
}

/** One name for each vertebra: in the middle of its largest outline, or beside it where the middle is what one looks at. */
function nameAnchors(
  outlines: readonly Outline[],
  plane: PlaneName,
): { label: string; at: [number, number] }[] {
  const largest = new Map<string, { size: number; at: [number, number] }>()
  for (const { label, points } of outlines) {
    const us = points.map(([u]) => u)
    const vs = points.map(([, v]) => v)
    const [u1, u2, v1, v2] = [Math.min(...us), Math.max(...us), Math.min(...vs), Math.max(...vs)]
    const size = (u2 - u1) * (v2 - v1)
    if (size <= (largest.get(label)?.size ?? 0)) continue
    largest.set(label, {
      size,
      at: plane === 'axial' ? [u2 + 2, v1 + 4] : [(u1 + u2) / 2, (v1 + v2) / 2 + 1.5],
    })
  }
  return [...largest].map(([label, { at }]) => ({ label, at }))
}

/** Lengths that a scale bar may have, mm. */
const SCALES = [1, 2, 5, 10, 20, 50, 100]

function Scale({ view }: { view: PlaneView }) {
  const mm = SCALES.findLast((length) => length * view.pixelsPerMm <= view.width / 4) ?? SCALES[0]
  const length = mm * view.pixelsPerMm
  const [right, y] = [view.width - 12, view.height - 12]
  return (
    <g className="scale">
      <path d={`M${right - length} ${y - 4}V${y}H${right}V${y - 4}`} />
      <text className="note" x={right - length / 2} y={y - 8} textAnchor="middle">
        {mm >= 10 ? `${mm / 10} cm` : `${mm} mm`}
      </text>
    </g>
  )
}
