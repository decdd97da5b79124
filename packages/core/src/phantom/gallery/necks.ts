import { overviewSheet } from '../../report/figures.ts'
import { drawSheet, flatSheet, INFERIOR, LEFT, POSTERIOR } from '../../report/plane.ts'
import { describeVertebrae } from '../../segment/vertebrae.ts'
import { boundsLps, type Vec3 } from '../../volume/geometry.ts'
import { synthesize } from '../synthesize.ts'
import { beside, caption, type Picture } from './picture.ts'
import type { Patient } from './specimen.ts'

const WIDTH_MM = 150
const PIXEL_MM = 0.6
/** Labels at whose middle the axial views lie. */
const AXIAL = [2, 5, 7]

/** One patient as the data sets have them: along the midline, coronal through the bodies, axial at C2, C5 and C7. */
export function drawWholeNeck(patient: Patient): Picture {
  const { volume, labels } = synthesize({ ...patient, preset: 'tune' })
  const vertebrae = describeVertebrae(labels)
  const { min, max } = boundsLps(volume)
  const middle: Vec3 = [(min[0] + max[0]) / 2, (min[1] + max[1]) / 2, (min[2] + max[2]) / 2]
  const centreOf = (label: number) => vertebrae.find((v) => v.label === label)?.centreLps ?? middle
  const sagittal = overviewSheet(volume, vertebrae)
  const side = Math.round(WIDTH_MM / PIXEL_MM)
  const size = { width: side, height: sagittal.height, spacingMm: PIXEL_MM }
  // Bodies lie 15 mm in front of the middle of their vertebra.
  const [x, y] = centreOf(4)
  const coronal = flatSheet([x, y - 15, middle[2]], LEFT, INFERIOR, size)
  const axial = AXIAL.map((label) => flatSheet(centreOf(label), LEFT, POSTERIOR, { ...size, height: side }))
  return caption(
    `${patient.family} seed ${patient.seed}`,
    'synthetic, along the midline, coronal, axial at C2, C5, C7',
    beside([sagittal, coronal, ...axial].map((sheet) => ({ ...sheet, pixels: drawSheet(volume, sheet) }))),
  )
}
