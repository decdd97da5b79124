import { NeckFracError } from '../../errors.ts'
import { groupBoxes, hullOfSlices } from '../../evaluate/cases/phantom-truth.ts'
import type { Box3 } from '../../evaluate/cases/study-case.ts'
import { LEVELS, type Level } from '../../levels.ts'
import type { Mat4, Vec3 } from '../../volume/geometry.ts'
import type { Volume } from '../../volume/volume.ts'
import { boundsIn } from '../anatomy/parts.ts'
import type { FamilyName, Template } from '../families.ts'
import type { ScanPlan } from '../scanner/plan.ts'
import type { FractureTruth } from '../study.ts'
import { synthesizePlan } from '../synthesize.ts'
import type { Exhibit } from './exhibits.ts'

export type Patient = {
  readonly seed: number
  readonly family: FamilyName
  readonly templates: readonly Template[]
}

/** A patient with one finding, where it is, and the hull of the truth's boxes around the place nearest to that, LPS, mm. */
export type Specimen = {
  readonly volume: Volume
  readonly centreLps: Vec3
  readonly boxLps: { readonly min: Vec3; readonly max: Vec3 }
}

/** A good scan, finer than most, so that what is unconvincing is the anatomy's fault; 168 mm hold the neck's bones. */
const SCAN: Partial<ScanPlan> = {
  columns: 350,
  pixelMm: 0.48,
  intervalMm: 0.75,
  thicknessMm: 0.75,
  kernel: 'bone',
  psfMm: 0.38,
  enhance: 0.4,
  noiseHu: 25,
  starvation: 0.7,
  tiltDeg: 0,
  motion: null,
  restorations: 0,
  padded: false,
}

/** Slices that the views need. */
const LENGTH_MM = 80

/** Makes a patient with one finding. @throws NeckFracError when the images do not show it */
export function makeSpecimen({ level, type, kind }: Exhibit, severity: number, patient: Patient): Specimen {
  const place = { level, severity, side: 1 } as const
  const { volume, truth } = synthesizePlan({
    ...patient,
    preset: 'zoomed',
    plan: kind === 'fracture' ? [{ ...place, type }] : [],
    lookAlikes:
      kind === 'look-alike' && type !== 'motion-step' && type !== 'streak' ? [{ ...place, type }] : [],
    scan: { ...SCAN, ...disturb(type, level, severity) },
    around: { level, lengthMm: LENGTH_MM },
  })
  const found = [...truth.fractures, ...truth.lookAlikes].filter((f) => f.type === type)
  const shown = found.find((f) => f.level === level) ?? found[0]
  if (!shown)
    throw new NeckFracError('data', `the images of seed ${patient.seed} do not show ${type} of ${level}`)
  const places = (kind === 'fracture' ? groupBoxes(shown.boxes) : [shown.boxes]).map((own) =>
    hullLps(own, volume.ijkToLps),
  )
  const off = ({ min, max }: Specimen['boxLps']) =>
    Math.hypot(...shown.centreLps.map((c, k) => (min[k] + max[k]) / 2 - c))
  const boxLps = places.reduce((a, b) => (off(b) < off(a) ? b : a))
  return { volume, centreLps: shown.centreLps, boxLps }
}

/** A box counts pixels and slices from their edge, the volume from their middle. */
function hullLps(boxes: FractureTruth['boxes'], ijkToLps: Mat4): Specimen['boxLps'] {
  const { from, to } = hullOfSlices(boxes)!
  const toMiddle = (corner: Box3['from']) => corner.map((v) => v - 0.5) as unknown as Vec3
  return boundsIn(ijkToLps, { min: toMiddle(from), max: toMiddle(to) })
}

/** What the scanner must do for a finding that is its own. */
function disturb(type: Exhibit['type'], level: Level, severity: number): Partial<ScanPlan> {
  if (type === 'motion-step')
    return {
      motion: {
        kind: 'step',
        level: LEVELS.indexOf(level) + 1,
        lengthMm: 4,
        shiftMm: [2 * severity, 3 * severity],
      },
    }
  if (type === 'streak') return { restorations: 5, metalHu: 350 * severity }
  return {}
}
