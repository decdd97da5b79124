import { LEVELS, labelOf } from '../levels.ts'
import type { Segmentation } from '../segment/segmentation.ts'
import { invert, type Mat4, multiply, transform, type Vec3 } from '../volume/geometry.ts'
import { resampleLabels } from '../volume/resample.ts'
import type { LabelVolume, Volume } from '../volume/volume.ts'
import { createHeat, heatOf, paintBoxes, type SliceBox } from './heat.ts'
import type { Fractured } from './phantom.ts'
import type { HeatSource } from './study.ts'

/** Heat maps from RSNA's boxes. A box names no vertebra: it belongs to the fractured one that it covers most of. */
export function heatFromBoxes(volume: Volume, fractured: Fractured, boxes: readonly SliceBox[]): HeatSource {
  let owners: readonly number[] | undefined
  return ({ level, centreLps }, segmentation) => {
    if (!fractured[level]) return createHeat()
    owners ??= boxes.map((box) => ownerOf(box, volume, fractured, segmentation))
    const own = boxes.filter((_, n) => owners?.[n] === labelOf(level))
    const heat = heatOf(paintBoxes(own, volume.ijkToLps, centreLps))
    return heat.some((v) => v > 0) ? heat : null
  }
}

/** Points along each side of a box at which the labels are read. */
const PROBES = 16
/** A box beside every fractured mask belongs to the nearest one, within the reach of a process. */
const FARTHEST_MM = 20

/** Label of the vertebra that a box belongs to, 0 when it is none of the fractured ones. */
function ownerOf(
  box: SliceBox,
  volume: Volume,
  fractured: Fractured,
  { labels, vertebrae }: Segmentation,
): number {
  const at = (u: number, v: number): Vec3 => [box.x + u * box.width, box.y + v * box.height, box.sliceIndex]
  const toLabels = multiply(invert(labels.ijkToLps), volume.ijkToLps)
  const [nz, ny, nx] = labels.shape
  const counts = new Map<number, number>()
  for (let a = 0; a < PROBES; a++)
    for (let b = 0; b < PROBES; b++) {
      const [x, y, z] = transform(toLabels, at((a + 0.5) / PROBES, (b + 0.5) / PROBES)).map(Math.round)
      if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue
      const label = labels.data[(z * ny + y) * nx + x]
      counts.set(label, (counts.get(label) ?? 0) + 1)
    }
  const candidates = LEVELS.filter((l) => fractured[l]).map(labelOf)
  const most = Math.max(0, ...candidates.map((l) => counts.get(l) ?? 0))
  if (most > 0) return candidates.find((l) => counts.get(l) === most) ?? 0
  const [, , z] = transform(volume.ijkToLps, at(0.5, 0.5))
  const distance = (label: number): number => {
    const v = vertebrae.find((candidate) => candidate.label === label)
    return v ? Math.abs(v.centreLps[2] - z) : Infinity
  }
  const nearest = candidates.sort((a, b) => distance(a) - distance(b))[0]
  return nearest !== undefined && distance(nearest) <= FARTHEST_MM ? nearest : 0
}

/** Above this most of a vertebra's voxels lie, and little soft tissue, after averaging over 2 mm. */
const BONE_HU = 180
/** A mirrored mask must fit clearly better: a spine is nearly a column, and half of a wrong mask still hits bone. */
const CLEARLY_BETTER = 1.15

/**
 * A mask on the segmentation grid, turned over where it was stored feet first against its images (five of RSNA's are):
 * the orientation in which it covers more bone is the right one.
 * @param image The study on the segmentation grid.
 */
export function orientMask(mask: LabelVolume, image: Volume): { mask: LabelVolume; mirrored: boolean } {
  const [nz, ny, nx] = mask.shape
  const { ijkToLps: m } = mask
  const ends = [0, nx - 1].flatMap((i) =>
    [0, ny - 1].flatMap((j) => [0, nz - 1].map((k) => transform(m, [i, j, k])[2])),
  )
  const reflect: Mat4 = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, Math.min(...ends) + Math.max(...ends), 0, 0, 0, 1]
  const asStored = resampleLabels(mask, image)
  const turned = resampleLabels({ ...mask, ijkToLps: multiply(reflect, m) }, image)
  const mirrored = boneVoxels(turned, image) > CLEARLY_BETTER * boneVoxels(asStored, image)
  const { shape, ijkToLps } = image
  return { mask: { data: mirrored ? turned : asStored, shape, ijkToLps }, mirrored }
}

/** How many voxels of an image are labelled and as dense as bone. */
function boneVoxels(labels: Uint8Array, image: Volume): number {
  let count = 0
  for (let n = 0; n < labels.length; n++) if (labels[n] > 0 && image.data[n] > BONE_HU) count++
  return count
}
