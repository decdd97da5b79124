import { labelOf } from '../../levels.ts'
import { visibleVertebrae } from '../../prepare/study.ts'
import type { Report } from '../../report/report.ts'
import type { Segmentation, Vertebra } from '../../segment/segmentation.ts'
import { describeVertebrae } from '../../segment/vertebrae.ts'
import { boundsLps, norm, subtract, transform, type Vec3 } from '../../volume/geometry.ts'
import { resampleLabels } from '../../volume/resample.ts'
import type { Grid, LabelVolume } from '../../volume/volume.ts'
import { dice } from '../metrics/overlap.ts'
import type { LabelledVertebra } from './study-case.ts'

/** VerSe's limit: a centre farther away names another vertebra, or nothing (Sekuboyina 2021, identification rate). */
const FARTHEST_MM = 20

type Centre = { readonly label: number; readonly centreLps: Vec3 }

/**
 * Labels of a segmenter against the true mask, on the segmenter's grid. T2 and lower do not count. Centres are those of
 * mass, as VerSe's: the middle of a box moves by half of a process that one of the masks lacks.
 */
export function compareLabels(truth: LabelVolume, { labels, vertebrae }: Segmentation): LabelledVertebra[] {
  const grid = { shape: labels.shape, ijkToLps: labels.ijkToLps }
  const data = resampleLabels(truth, grid)
  const inView = visibleVertebrae(describeVertebrae({ ...grid, data }))
  const [own, found] = [centresOfMass(inView, { ...grid, data }), centresOfMass(vertebrae, labels)]
  return own.map((v) => ({
    ...identify(v, own, found),
    dice: dice(data, labels.data, v.label),
  }))
}

function centresOfMass(vertebrae: readonly Vertebra[], { data, shape, ijkToLps }: LabelVolume): Centre[] {
  const [, rows, columns] = shape
  const sums = new Map(vertebrae.map(({ label }) => [label, { count: 0, i: 0, j: 0, k: 0 }]))
  for (const [n, label] of data.entries()) {
    const sum = label === 0 ? undefined : sums.get(label)
    if (!sum) continue
    sum.count++
    sum.i += n % columns
    sum.j += Math.floor(n / columns) % rows
    sum.k += Math.floor(n / (columns * rows))
  }
  return [...sums].map(([label, { count, i, j, k }]) => ({
    label,
    centreLps: transform(ijkToLps, [i / count, j / count, k / count]),
  }))
}

/** Centres of a report against the vertebrae of a mask; reports hold no labels but C1..C7. */
export function compareCentres(truth: readonly Vertebra[], report: Report): LabelledVertebra[] {
  const found = report.vertebrae.flatMap(({ level, centreLps }) =>
    centreLps ? [{ label: labelOf(level), centreLps }] : [],
  )
  return truth.filter((v) => v.label <= 7).map((v) => ({ ...identify(v, truth, found), dice: null }))
}

/** A label belongs to the true vertebra that its centre is nearest to; a vertebra takes the nearest of its labels. */
function identify(
  truth: Centre,
  all: readonly Centre[],
  found: readonly Centre[],
): Omit<LabelledVertebra, 'dice'> {
  const own = found.find((c) => c.label === truth.label)
  const given = nearestTo(
    truth,
    found.filter((c) => nearestTo(c, all) === truth),
  )
  return {
    label: truth.label,
    found: given && distanceMm(given, truth) <= FARTHEST_MM ? given.label : 0,
    distanceMm: own ? distanceMm(own, truth) : null,
  }
}

const distanceMm = (a: Centre, b: Centre): number => norm(subtract(a.centreLps, b.centreLps))

const nearestTo = (point: Centre, centres: readonly Centre[]): Centre | null =>
  centres.reduce<Centre | null>((a, b) => (a && distanceMm(a, point) <= distanceMm(b, point) ? a : b), null)

/** Vertebrae of a mask that are in view, measured as the segmenter's are: on a grid of 4 x 2 x 2 mm. */
export function vertebraeOfMask(mask: LabelVolume): Vertebra[] {
  const { min, max } = boundsLps(mask)
  const count = (axis: number, stepMm: number) => 1 + Math.floor((max[axis] - min[axis]) / stepMm)
  const grid: Grid = {
    shape: [count(0, 4), count(2, 2), count(1, 2)],
    // Grid axes: front to back, head to feet, right to left, as the segmenter's.
    ijkToLps: [0, 0, 4, min[0], 2, 0, 0, min[1], 0, -2, 0, max[2], 0, 0, 0, 1],
  }
  return visibleVertebrae(describeVertebrae({ ...grid, data: resampleLabels(mask, grid) }))
}
