import type { Segmentation, Vertebra } from '../segment/segmentation.ts'
import { transform, type Vec3 } from '../volume/geometry.ts'
import type { LabelVolume } from '../volume/volume.ts'
import type { Canal } from './canal.ts'
import { type NeckReading, READ_LEVELS, type ReadLevel } from './reading.ts'

/** A labelled vertebra, measured against what experts and readers saw. */
export type MeasuredVertebra = {
  readonly level: ReadLevel
  /** Height of its body: of the label's part in front of the canal, as readings are taken. */
  readonly zMm: number
  readonly confidence: number
  /** Whether the expert's cord runs through its ring; null beyond the mask, or without one. */
  readonly holdsCord: boolean | null
  /** Against the reading; null where there is none that is sure. */
  readonly right: boolean | null
}

export type MeasuredNeck = {
  readonly vertebrae: readonly MeasuredVertebra[]
  /** Levels read with certainty: how many, and how many of them are labelled within half a level. */
  readonly read: number
  readonly right: number
  /** Labels where the reader saw another vertebra, or none. */
  readonly misplaced: readonly ReadLevel[]
  /** Every sure level right and nothing misplaced; null without a reading. */
  readonly exact: boolean | null
  /** What keeps the labels from being an ordered chain through the visible field; null when they are. */
  readonly broken: string | null
  /** How far below the brainstem's end the body of C2 lies, mm. */
  readonly c2BelowBrainstemMm: number | null
}

type Field = { readonly top: number; readonly bottom: number }

/** Compares the labels of one neck with the reading, the expert's cord and anatomy's limits. */
export function measureNeck(
  { labels, vertebrae }: Segmentation,
  canal: Canal | null,
  field: Field,
  reading: NeckReading | null,
): MeasuredNeck {
  const shapes = canal ? aroundCanal(labels, canal) : []
  const measured = vertebrae.map((v): MeasuredVertebra => {
    const around: Around | undefined = shapes[v.label - 1]
    const level = READ_LEVELS[v.label - 1]
    const zMm = around?.bodyZ ?? v.centreLps[2]
    const seen = canal && zMm <= canal.cord.top && zMm >= canal.cord.bottom
    return {
      level,
      zMm,
      confidence: v.confidence,
      holdsCord: seen && around ? around.holdsCord : null,
      right: reading ? isRight(reading, level, zMm) : null,
    }
  })
  const sure = READ_LEVELS.filter((level) => reading?.vertebrae[level]?.sure)
  const right = measured.filter((m) => m.right).length
  const misplaced = reading ? measured.filter((m) => isMisplaced(reading, m)).map((m) => m.level) : []
  const c2 = measured.find((m) => m.level === 'C2')
  return {
    vertebrae: measured,
    read: sure.length,
    right,
    misplaced,
    exact: reading ? right === sure.length && misplaced.length === 0 : null,
    broken: whyBroken(measured, vertebrae, field, labels.data.includes(LOWER)),
    c2BelowBrainstemMm: c2 && canal?.brainstemEnd != null ? canal.brainstemEnd - c2.zMm : null,
  }
}

/** Within half the distance between the read vertebra and its neighbours; null when it was not read with certainty. */
function isRight(reading: NeckReading, level: ReadLevel, zMm: number): boolean | null {
  const read = reading.vertebrae[level]
  return read?.sure ? Math.abs(zMm - read.zMm) <= halfSpacing(reading, level) : null
}

/**
 * Half the mean distance to the vertebrae above and below. The dens puts the middle of C2 at the foot of C1's ring, a few
 * mm from it: C1 gets half the mean distance of the lower vertebrae, as if C2 had no dens.
 */
function halfSpacing({ vertebrae }: NeckReading, level: ReadLevel): number {
  const z = READ_LEVELS.map((l) => vertebrae[l]?.zMm ?? Number.NaN)
  const gap = (n: number) => Math.abs(z[n] - z[n + 1])
  const n = READ_LEVELS.indexOf(level)
  const gaps = (level === 'C1' ? [2, 3, 4, 5, 6] : [n - 1, n]).map(gap).filter((g) => g > 0)
  return gaps.length > 0 ? gaps.reduce((sum, g) => sum + g, 0) / gaps.length / 2 : USUAL_HALF_MM
}

/** Half of 16.7 mm, the mean distance between the readings' C3 to C7; for a field that shows fewer. */
const USUAL_HALF_MM = 8.3

/** A wrong label, or one that was not read and yet lies among those that were. */
function isMisplaced(reading: NeckReading, { level, zMm, right }: MeasuredVertebra): boolean {
  if (right !== null) return !right
  if (reading.vertebrae[level])
    return Math.abs(zMm - reading.vertebrae[level].zMm) > 2 * halfSpacing(reading, level)
  const lowest = Math.min(...Object.values(reading.vertebrae).map((v) => v.bottomMm ?? v.zMm))
  return zMm > lowest
}

/**
 * Distance from a vertebra's body to the next one's, mm, by the upper one's label: the readings' range widened by a
 * third. C1 to C2 is short, C2 to C3 long, for the dens counts as a part of C2.
 */
const SPACING_MM: readonly (readonly [number, number])[] = [
  [6, 28],
  [18, 42],
  [9, 27],
  [9, 27],
  [9, 27],
  [9, 27],
  [9, 27],
]
/** A vertebra's height and a disc: more of the field than this beyond the chain could hold another vertebra. */
const LEVEL_MM = 26

/** Label of T2 and all below. */
const LOWER = READ_LEVELS.length + 1

function whyBroken(
  measured: readonly MeasuredVertebra[],
  vertebrae: readonly Vertebra[],
  field: Field,
  /** Whether T2 or lower is labelled: one link more. */
  lower: boolean,
): string | null {
  if (measured.length + (lower ? 1 : 0) < 3) return `only ${measured.length} labels`
  for (let n = 1; n < measured.length; n++) {
    const [a, b] = [measured[n - 1], measured[n]]
    const at = READ_LEVELS.indexOf(a.level)
    if (READ_LEVELS[at + 1] !== b.level) return `gap between ${a.level} and ${b.level}`
    const mm = a.zMm - b.zMm
    const [least, most] = SPACING_MM[at]
    if (mm < least || mm > most) return `${a.level} to ${b.level} ${mm.toFixed(0)} mm`
  }
  const [first, last] = [measured[0], measured[measured.length - 1]]
  if (first.level !== 'C1' && field.top - vertebrae[0].maxLps[2] > LEVEL_MM) return `begins at ${first.level}`
  if (last.level !== 'T1' && last.zMm - field.bottom > 1.5 * LEVEL_MM) return `ends at ${last.level}`
  return null
}

type Around = { readonly bodyZ: number | null; readonly holdsCord: boolean }

/** The body lies this far in front of the cord's middle, and this close to the midline, mm. */
const BODY_MM = { near: 8, far: 24, beside: 10 }
/** No bone of a vertebra comes this close to the middle of a cord 6-8 mm across (half its depth). */
const CORD_MM = 3
/** Stray voxels of a label that may. */
const STRAY = 0.02
/** Sectors around the cord: bone of a ring stands in all, or in all but a gap below half a turn. */
const SECTORS = 24

/** Each of READ_LEVELS as seen from the canal's middle, at the height of each voxel. */
function aroundCanal({ data, shape, ijkToLps }: LabelVolume, canal: Canal): readonly Around[] {
  const [nz, ny, nx] = shape
  const tallies = READ_LEVELS.map(() => ({
    all: 0,
    close: 0,
    body: 0,
    bodyZ: 0,
    sectors: new Uint32Array(SECTORS),
  }))
  // Rows of a segmentation grid lie level, so that a height comes back often.
  const middles = new Map<number, Vec3>()
  const middleAt = (z: number): Vec3 => {
    const middle = middles.get(z) ?? canal.at(z)
    middles.set(z, middle)
    return middle
  }
  for (let k = 0, n = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, n++) {
        const label = data[n]
        if (label === 0 || label > READ_LEVELS.length) continue
        const [x, y, z] = transform(ijkToLps, [i, j, k])
        const middle = middleAt(z)
        const [dx, dy] = [x - middle[0], y - middle[1]]
        const tally = tallies[label - 1]
        tally.all++
        if (Math.hypot(dx, dy) < CORD_MM) tally.close++
        tally.sectors[Math.floor(((Math.atan2(dy, dx) / (2 * Math.PI) + 1) % 1) * SECTORS)]++
        if (Math.abs(dx) <= BODY_MM.beside && -dy >= BODY_MM.near && -dy <= BODY_MM.far) {
          tally.body++
          tally.bodyZ += z
        }
      }
  return tallies.map(({ all, close, body, bodyZ, sectors }) => ({
    bodyZ: body > 0 ? bodyZ / body : null,
    holdsCord: close <= STRAY * all && widestGap(sectors) < SECTORS / 2,
  }))
}

/** Most neighbouring sectors without bone; below half a turn the middle lies inside the hull. */
function widestGap(sectors: Uint32Array): number {
  let [widest, run] = [0, 0]
  for (let n = 0; n < 2 * sectors.length; n++) {
    run = sectors[n % sectors.length] > 0 ? 0 : run + 1
    widest = Math.max(widest, run)
  }
  return widest
}
