import { drawSheet, flatSheet, INFERIOR, LEFT, POSTERIOR } from '../../report/plane.ts'
import { dot, subtract, type Vec3 } from '../../volume/geometry.ts'
import type { Exhibit } from './exhibits.ts'
import { beside, caption, drawBar, drawCorners, type Picture, write } from './picture.ts'
import { makeSpecimen, type Patient, type Specimen } from './specimen.ts'

/** Side of a view: a vertebra and half of its neighbours. */
const VIEW_MM = 68
const PIXEL_MM = 0.4

/** Each finding is shown when it is hard to see and when it is plain. */
export const SEVERITIES = [0.3, 0.8] as const

/** One row of the contact sheet: axial, coronal and sagittal views through a finding, at each severity. */
export function drawExhibit(exhibit: Exhibit, patient: Patient): Picture {
  const blocks = SEVERITIES.map((severity) => {
    const title = `${exhibit.level} ${exhibit.type} ${severity}`
    return caption(title, `synthetic, ${patient.family}`, drawViews(makeSpecimen(exhibit, severity, patient)))
  })
  return beside(blocks, 8)
}

const PLANES = [
  ['axial', LEFT, POSTERIOR],
  ['coronal', LEFT, INFERIOR],
  ['sagittal', POSTERIOR, INFERIOR],
] as const

/**
 * Three planes through a finding, with the corners of its box in the truth. Radiological convention: the patient's right
 * on the left, anterior up in axial and on the left in sagittal views.
 */
function drawViews({ volume, centreLps, boxLps }: Specimen): Picture {
  const side = Math.round(VIEW_MM / PIXEL_MM)
  const size = { width: side, height: side, spacingMm: PIXEL_MM }
  return beside(
    PLANES.map(([name, right, down]) => {
      const pixels = drawSheet(volume, flatSheet(centreLps, right, down, size))
      const place = (corner: Vec3, axis: Vec3) => side / 2 + dot(subtract(corner, centreLps), axis) / PIXEL_MM
      const ends = (axis: Vec3) => {
        const [a, b] = [place(boxLps.min, axis), place(boxLps.max, axis)]
        return [Math.round(Math.min(a, b)), Math.round(Math.max(a, b))] as const
      }
      const picture = { ...size, pixels }
      const [[left, rightEnd], [top, bottom]] = [ends(right), ends(down)]
      drawCorners(picture, { left, top, right: rightEnd, bottom })
      drawBar(picture, Math.round(10 / PIXEL_MM))
      write(picture, name, 3, 3)
      return picture
    }),
  )
}
