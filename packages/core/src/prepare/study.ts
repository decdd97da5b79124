import { CROP } from '../classify/crop.ts'
import { cropVertebra, type VertebraCrop } from '../classify/vertebra-crop.ts'
import { tooCoarse } from '../decide/assessable.ts'
import { LEVELS, type Level, labelOf } from '../levels.ts'
import { segmentationImage } from '../segment/grid.ts'
import type { Segmentation, Vertebra } from '../segment/segmentation.ts'
import { describeVertebrae } from '../segment/vertebrae.ts'
import { resampleLabels } from '../volume/resample.ts'
import type { LabelVolume, Volume } from '../volume/volume.ts'
import { HEAT_SHAPE } from './heat.ts'
import type { NpyArray } from './npy.ts'

/** T2 and lower share one class: the segmenter need not count the thoracic spine. */
const LOWEST_CLASS = 9
/** A vertebra with less of itself in view cannot be judged; the competition's fourth place drew the line here too. */
const LEAST_VISIBLE_SHARE = 0.3

/** Where a vertebra's fractures are: a heat map, or null when the label says "fractured" and nobody says where. */
export type HeatSource = (crop: VertebraCrop, segmentation: Segmentation) => Uint8Array | null

/** One study as training reads it. */
export type PreparedStudy = {
  /** HU on the segmentation grid and, where there is a mask, the class of each voxel: 0, 1-7, 8 T1, 9 lower. */
  readonly segment: { readonly image: NpyArray; readonly label: NpyArray | null }
  readonly crops: {
    /** [vertebrae, 24, 128, 128], bone window. */
    readonly image: NpyArray
    readonly mask: NpyArray
    /** [vertebrae, 24, 16, 16], share of each cell that is fractured. */
    readonly heat: NpyArray
    readonly levels: readonly Level[]
    /** False where a vertebra is fractured and its heat map is unknown, hence empty. */
    readonly placesKnown: readonly boolean[]
  } | null
}

/**
 * Reduces a study to what the networks see of it, through the functions that are used for a patient: the same grid,
 * the same crops, and masks that come from the coarse grid of the segmenter although finer ones are known.
 * @param mask Vertebrae on any grid; without it there are no labels and no crops.
 * @param segmentImage The study on the segmentation grid, where that is known already.
 */
export function prepareStudy(
  volume: Volume,
  mask: LabelVolume | null,
  heatOf: HeatSource,
  segmentImage: Volume = segmentationImage(volume),
): PreparedStudy {
  const { data, shape, ijkToLps } = segmentImage
  const image = { data, shape }
  if (mask === null) return { segment: { image, label: null }, crops: null }
  const labels = coarseLabels(mask, { shape, ijkToLps })
  const vertebrae = visibleVertebrae(describeVertebrae(labels))
  return {
    segment: { image, label: { data: labels.data, shape } },
    crops: prepareCrops(volume, { labels, vertebrae }, heatOf),
  }
}

/** Crops of the vertebrae of a segmentation, whether it comes from a mask or from a network. */
export function prepareCrops(
  volume: Volume,
  segmentation: Segmentation,
  heatOf: HeatSource,
): PreparedStudy['crops'] {
  const cropped = segmentation.vertebrae
    .flatMap((v) => cropVertebra(volume, segmentation, v) ?? [])
    .map((crop) => ({ ...crop, heat: heatOf(crop, segmentation) }))
  // A fracture that nobody could see teaches nothing; an intact vertebra teaches that blur is no fracture.
  const crops = tooCoarse(volume) ? cropped.filter(({ heat }) => heat?.every((v) => v === 0)) : cropped
  if (crops.length === 0) return null
  const stack = (arrays: readonly (Uint8Array | null)[], shape: readonly number[]): NpyArray => {
    const size = shape.reduce((product, n) => product * n, 1)
    const data = new Uint8Array(arrays.length * size)
    arrays.forEach((array, n) => {
      if (array) data.set(array, n * size)
    })
    return { data, shape: [arrays.length, ...shape] }
  }
  return {
    image: stack(
      crops.map((c) => c.image),
      CROP.shape,
    ),
    mask: stack(
      crops.map((c) => c.mask),
      CROP.shape,
    ),
    heat: stack(
      crops.map((c) => c.heat),
      HEAT_SHAPE,
    ),
    levels: crops.map((c) => c.level),
    placesKnown: crops.map((c) => c.heat !== null),
  }
}

function coarseLabels(mask: LabelVolume, grid: Omit<LabelVolume, 'data'>): LabelVolume {
  const data = resampleLabels(mask, grid)
  for (let n = 0; n < data.length; n++) if (data[n] > LOWEST_CLASS) data[n] = LOWEST_CLASS
  return { ...grid, data }
}

/** Leaves out cervical vertebrae of which the field of view holds too little, measured by the others. */
export function visibleVertebrae(vertebrae: readonly Vertebra[]): Vertebra[] {
  const lowest = labelOf(LEVELS[LEVELS.length - 1])
  const volumes = vertebrae.filter((v) => v.label <= lowest).map((v) => v.volumeMm3)
  const typical = volumes.sort((a, b) => a - b)[volumes.length >> 1] ?? 0
  return vertebrae.filter((v) => v.volumeMm3 >= LEAST_VISIBLE_SHARE * typical)
}
