import type { Series } from './group.ts'

/** A series that cannot be read as a neck CT, and the words for it; null when the rule has nothing against it. */
export type Rejection = (series: Series) => string | null

/** Fewer slices or less coverage cannot show three cervical vertebrae, each about 15-20 mm high. */
export const MIN_SLICES = 20
export const MIN_EXTENT_MM = 60
/** Reformats further from the body axis than this are sagittal or coronal; gantries tilt up to 30 degrees. */
export const MAX_TILT_DEGREES = 31

/** ImageType values of pictures that are no slices of HU (PS3.3 C.7.6.1.1.2, C.8.2.1.1.1 and vendors' own). */
const NO_SLICES =
  /^(LOCALIZER|MIP|MINIP|MAX_IP|MIN_IP|MPR3D|CSA 3D.*|VOLUME RENDER.*|VRT|SSD|PROJECTION IMAGE|SCREEN SAVE|DOSE_INFO|PERFUSION|BLENDED)$/

/** Tried in this order; the first that answers is the reason. */
export const REJECTIONS: readonly Rejection[] = [
  ({ instances: [first] }) =>
    first.modality === 'CT' ? null : `modality ${first.modality || 'not given'}, not CT`,
  ({ instances: [first] }) => {
    const kind = first.imageType.find((value) => NO_SLICES.test(value))
    return kind === undefined ? null : `${kind === 'LOCALIZER' ? 'localizer' : kind}, not slices (ImageType)`
  },
  ({ instances: [first] }) => (first.imageType[1] === 'SECONDARY' ? 'secondary capture (ImageType)' : null),
  ({ instances: [first] }) =>
    first.format.rescaleSlope ? null : 'no RescaleSlope, so stored values are no Hounsfield units',
  ({ normal }) => {
    const degrees = (Math.acos(Math.min(1, Math.abs(normal[2]))) * 180) / Math.PI
    if (degrees <= MAX_TILT_DEGREES) return null
    const plane = Math.abs(normal[0]) > Math.abs(normal[1]) ? 'sagittal' : 'coronal'
    return `not axial: slices are ${Math.round(degrees)} degrees from it, nearest ${plane}`
  },
  ({ instances }) =>
    instances.length < MIN_SLICES ? `only ${instances.length} slices, ${MIN_SLICES} needed` : null,
  ({ extentMm }) =>
    extentMm < MIN_EXTENT_MM ? `covers only ${extentMm.toFixed(0)} mm, ${MIN_EXTENT_MM} mm needed` : null,
]

/** One way to compare acceptable series: a lower number is better; `words` say it when this rule decided. */
export type Preference = { readonly words: string; rank(series: Series): number }

const NECK = /\b(c[\s_-]?spine|cerv\w*|neck|hals\w*|hws|cou|cuello|collo|rachis c\w*)\b/i
const NEAR_NECK = /\b(head|skull|brain|spine|whole ?body|polytrauma|trauma|face|carotid\w*|angio)\b/i
const ELSEWHERE =
  /\b(chest|thorax|lung|abdom\w*|pelvis|lumb\w*|l[\s_-]?spine|knee|hip|foot|ankle|wrist|heart|liver)\b/i

/** Bone and edge kernels of GE, Siemens, Philips, Canon and of anonymisers that keep words. */
const BONE_KERNEL =
  /bone|edge|ultra|lung|sharp|^[bhjuv]r?[67]\d|^[bh][67]\ds?$|^(d|e|yb|yc|yd)$|^fc(3\d|5\d|8\d)/i
const BONE_WORDS = /\b(bone|knochen|ossa|oss[eo]\w*|hueso|bot)\b/i

const words = (series: Series): string => {
  const [first] = series.instances
  return `${first.bodyPart} ${first.seriesDescription} ${first.protocolName}`.replaceAll('_', ' ')
}

/**
 * How far a neck may be expected from the words of the header: 0 named, 1 nothing known or near it, 2 elsewhere.
 * Headers are often wrong, so this orders series and never rejects one.
 */
export function neckRank(series: Series): number {
  const text = words(series)
  if (NECK.test(text)) return 0
  if (NEAR_NECK.test(text)) return 1
  return ELSEWHERE.test(text) ? 2 : 1
}

export function isBone(series: Series): boolean {
  const [first] = series.instances
  return BONE_KERNEL.test(first.kernel.split('\\')[0].trim()) || BONE_WORDS.test(first.seriesDescription)
}

/** Detail along the patient: thick overlapping slices show no more than their thickness. */
const detailMm = (series: Series): number =>
  Math.max(series.stepMm ?? 99, series.instances[0].sliceThicknessMm ?? 0)

/** Upper ends of the classes inside which slices count as equally thin, mm; above the last all are too thick. */
const THICKNESS_CLASSES_MM = [1, 1.5, 2, 3] as const

const thicknessClass = (series: Series): number => {
  const index = THICKNESS_CLASSES_MM.findIndex((limit) => detailMm(series) <= limit + 0.01)
  return index === -1 ? Math.ceil(detailMm(series)) + THICKNESS_CLASSES_MM.length : index
}

export const isDerived = ({ instances: [first] }: Series): boolean =>
  first.imageType[0] === 'DERIVED' || first.imageType.includes('MPR')

/** Compared in this order; the first that differs decides. */
export const PREFERENCES: readonly Preference[] = [
  { words: 'original, not derived', rank: (series) => (isDerived(series) ? 1 : 0) },
  { words: 'slices of 3 mm or thinner', rank: (series) => (detailMm(series) <= 3.01 ? 0 : 1) },
  { words: 'the header names the neck', rank: neckRank },
  { words: 'thinner slices', rank: thicknessClass },
  { words: 'bone kernel', rank: (series) => (isBone(series) ? 0 : 1) },
  { words: 'finer spacing', rank: (series) => Math.round((series.stepMm ?? 99) * 100) },
  { words: 'more slices', rank: (series) => -series.instances.length },
]
