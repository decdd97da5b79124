import { drawSheet, flatSheet, type Sheet } from '../../report/plane.ts'
import type { Vec3 } from '../../volume/geometry.ts'
import type { Volume } from '../../volume/volume.ts'
import type { Exhibit } from './exhibits.ts'
import { blank, LINE, type Picture, paste, write } from './letters.ts'
import { makeSpecimen, type Patient } from './specimen.ts'

const LEFT: Vec3 = [1, 0, 0]
const POSTERIOR: Vec3 = [0, 1, 0]
const INFERIOR: Vec3 = [0, 0, -1]

/** Side of a view: a vertebra and half of its neighbours. */
const VIEW_MM = 70
const PIXEL_MM = 0.45
const GAP = 2

/** Each finding is shown when it is hard to see and when it is plain. */
export const SEVERITIES = [0.3, 0.8] as const

/** One row of the contact sheet: axial, coronal and sagittal views through a finding, at each severity. */
export function drawExhibit(finding: Exhibit, patient: Patient): Picture {
  const blocks = SEVERITIES.map((severity) => {
    const { volume, centreLps } = makeSpecimen(finding, severity, patient)
    const artefact = finding.type === 'motion-step' || finding.type === 'streak'
    return caption(
      `${finding.type} ${finding.level} ${artefact ? 'strength' : 'severity'} ${severity}`,
      `synthetic, ${patient.family}`,
      drawViews(volume, centreLps),
    )
  })
  return beside(blocks, 4 * GAP)
}

/** Radiological convention: the patient's right on the left, anterior up in axial and on the left in sagittal views. */
function drawViews(volume: Volume, centre: Vec3): Picture {
  const side = Math.round(VIEW_MM / PIXEL_MM)
  const size = { width: side, height: side, spacingMm: PIXEL_MM }
  const axes = [
    [LEFT, POSTERIOR],
    [LEFT, INFERIOR],
    [POSTERIOR, INFERIOR],
  ] as const
  return beside(axes.map(([right, down]) => marked(drawPlane(volume, flatSheet(centre, right, down, size)))))
}

export const drawPlane = (volume: Volume, sheet: Sheet): Picture => ({
  width: sheet.width,
  height: sheet.height,
  pixels: drawSheet(volume, sheet),
})

/** Ticks on the edges point at the centre without covering it. */
function marked(picture: Picture): Picture {
  const { width, height, pixels } = picture
  const [x, y] = [width >> 1, height >> 1]
  for (let n = 0; n < 5; n++)
    for (const at of [n * width + x, (height - 1 - n) * width + x, y * width + n, y * width + width - 1 - n])
      pixels[at] = 255
  return picture
}

export function beside(pictures: readonly Picture[], gap: number = GAP): Picture {
  const out = blank(
    pictures.reduce((sum, p) => sum + p.width + gap, -gap),
    Math.max(...pictures.map((p) => p.height)),
  )
  let x = 0
  for (const picture of pictures) {
    paste(out, picture, x, 0)
    x += picture.width + gap
  }
  return out
}

/** A title above a picture and a note in its lower left corner. */
export function caption(title: string, note: string, picture: Picture): Picture {
  const head = 2 * LINE + 4
  const out = blank(picture.width, picture.height + head)
  write(out, title, 2, 4, 2)
  paste(out, picture, 0, head)
  write(out, note, 3, out.height - LINE, 1)
  return out
}
