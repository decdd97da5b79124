import { drawSheet, flatSheet, INFERIOR, LEFT, POSTERIOR } from '../../report/plane.ts'
import type { Vec3 } from '../../volume/geometry.ts'
import type { Volume } from '../../volume/volume.ts'
import type { Exhibit } from './exhibits.ts'
import { beside, caption, type Picture } from './picture.ts'
import { makeSpecimen, type Patient } from './specimen.ts'

/** Side of a view: a vertebra and half of its neighbours. */
const VIEW_MM = 70
const PIXEL_MM = 0.45

/** Each finding is shown when it is hard to see and when it is plain. */
export const SEVERITIES = [0.3, 0.8] as const

/** One row of the contact sheet: axial, coronal and sagittal views through a finding, at each severity. */
export function drawExhibit(exhibit: Exhibit, patient: Patient): Picture {
  const blocks = SEVERITIES.map((severity) => {
    const { volume, centreLps } = makeSpecimen(exhibit, severity, patient)
    const title = `${exhibit.type} ${exhibit.level} ${severity}`
    return caption(title, `synthetic, ${patient.family}`, drawViews(volume, centreLps))
  })
  return beside(blocks, 8)
}

/** Radiological convention: the patient's right on the left, anterior up in axial and on the left in sagittal views. */
function drawViews(volume: Volume, centre: Vec3): Picture {
  const side = Math.round(VIEW_MM / PIXEL_MM)
  const size = { width: side, height: side, spacingMm: PIXEL_MM }
  const planes = [
    [LEFT, POSTERIOR],
    [LEFT, INFERIOR],
    [POSTERIOR, INFERIOR],
  ] as const
  return beside(
    planes.map(([right, down]) => {
      const sheet = flatSheet(centre, right, down, size)
      return marked({ ...size, pixels: drawSheet(volume, sheet) })
    }),
  )
}

/** Ticks on the edges point at the centre without covering it. */
function marked(picture: Picture): Picture {
  const { width, height, pixels } = picture
  const [x, y] = [width >> 1, height >> 1]
  for (let n = 0; n < 5; n++)
    for (const at of [n * width + x, (height - 1 - n) * width + x, y * width + n, y * width + width - 1 - n])
      pixels[at] = 255
  return picture
}
