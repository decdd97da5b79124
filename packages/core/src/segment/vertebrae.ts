import { spacingMm, transform, type Vec3 } from '../volume/geometry.ts'
import type { LabelVolume } from '../volume/volume.ts'
import type { Vertebra } from './segmentation.ts'

/** C1..C7 and T1; higher labels (T2 and lower) are no vertebrae of their own for the segmenter. */
const LAST_LABEL = 8
/** A few stray voxels must not move a crop: the box leaves out this share of the voxels at either end of each axis. */
const TRIM = 0.01
/** The smallest visible part of a cervical vertebra that is worth a label: about a tenth of a small C3. */
const LEAST_MM3 = 800
/** And the smallest share of the study's middle one: less is a sliver of a neighbour, or of what lies beyond the field. */
const LEAST_SHARE = 1 / 8

/**
 * Measures each labelled vertebra on a segmentation grid ([right to left, head to feet, front to back]). The same
 * function places the crops in training and in use.
 * @param probability Softmax probability of each voxel's own label, 0..1; 1 where it is left out.
 */
export function describeVertebrae(labels: LabelVolume, probability?: Float32Array): Vertebra[] {
  const [slices, rows, columns] = labels.shape
  const voxelMm3 = spacingMm(labels.ijkToLps).reduce((product, s) => product * s, 1)
  const tallies = Array.from({ length: LAST_LABEL + 1 }, () => ({
    voxels: 0,
    confidence: 0,
    /** Voxels in each column, row and slice. */
    counts: [new Uint32Array(columns), new Uint32Array(rows), new Uint32Array(slices)] as const,
  }))
  for (let n = 0, k = 0; k < slices; k++)
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++, n++) {
        const label = labels.data[n]
        if (label === 0 || label > LAST_LABEL) continue
        const tally = tallies[label]
        tally.voxels++
        tally.confidence += probability ? probability[n] : 1
        tally.counts[0][i]++
        tally.counts[1][j]++
        tally.counts[2][k]++
      }
  const sizes = tallies.map(({ voxels }) => voxels).filter((voxels) => voxels * voxelMm3 >= LEAST_MM3)
  const middle = sizes.sort((a, b) => a - b)[sizes.length >> 1] ?? 0
  const least = Math.max(LEAST_MM3 / voxelMm3, LEAST_SHARE * middle)
  return tallies.flatMap(({ voxels, confidence, counts }, label) => {
    if (voxels < least) return []
    const ends = counts.map((c) => trimmedEnds(c, voxels))
    const a = transform(labels.ijkToLps, [ends[0][0], ends[1][0], ends[2][0]])
    const b = transform(labels.ijkToLps, [ends[0][1], ends[1][1], ends[2][1]])
    const pick = (f: (p: number, q: number) => number): Vec3 => [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2])]
    return {
      label,
      centreLps: pick((p, q) => (p + q) / 2),
      minLps: pick(Math.min),
      maxLps: pick(Math.max),
      volumeMm3: voxels * voxelMm3,
      confidence: confidence / voxels,
      truncated: false,
    }
  })
}

/** First and last index that remain when a share of TRIM of all voxels is cut off at either end. */
function trimmedEnds(counts: Uint32Array, total: number): [number, number] {
  const find = (step: 1 | -1): number => {
    let index = step === 1 ? 0 : counts.length - 1
    for (let seen = counts[index]; seen <= TRIM * total; seen += counts[index]) index += step
    return index
  }
  return [find(1), find(-1)]
}
