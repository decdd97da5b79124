import type { Instance } from '../dicom/instance.ts'
import { whySecondaryCapture } from '../dicom/sop-classes.ts'
import type { Series } from './group.ts'
import { degreesFromAxial, planeOf } from './plane.ts'
import type { SeriesRules } from './rules-file.ts'

/** A series that cannot be read as a neck CT, and the words for it; null when the rule has nothing against it. */
export type Rejection = (series: Series) => string | null

/** One way to compare acceptable series: a lower number is better; `words` say it when this rule decided. */
export type Preference = {
  readonly words: string | ((better: Series, worse: Series) => string)
  rank(series: Series): number
}

/** The rules of a file, ready to be applied; each list in its order. */
export type CompiledRules = {
  /** The first that answers is the reason. */
  readonly rejections: readonly Rejection[]
  /** The first that differs decides. */
  readonly preferences: readonly Preference[]
}

export const compileRules = (rules: SeriesRules): CompiledRules => ({
  rejections: rejectionsOf(rules),
  preferences: preferencesOf(rules),
})

function rejectionsOf(rules: SeriesRules): readonly Rejection[] {
  const noSlices = wholeValue(rules.imageTypesRejected)
  const own = rules.reject.map(({ field, matches, reason }): Rejection => {
    const matcher = new RegExp(matches, 'i')
    return (series) => (matcher.test(textOf(series, field)) ? reason : null)
  })
  return [
    ({ instances: [first] }) => whySecondaryCapture(first),
    ({ instances: [first] }) =>
      first.modality === 'CT' ? null : `modality ${first.modality || 'not given'}, not CT`,
    ({ instances: [first] }) => {
      const kind = first.imageType.find((value) => noSlices.test(value))
      return kind === undefined
        ? null
        : `${kind === 'LOCALIZER' ? 'localizer' : kind}, not slices (ImageType)`
    },
    ({ instances: [first] }) =>
      first.format.rescaleSlope ? null : 'no RescaleSlope, so stored values are no Hounsfield units',
    ...own,
    ({ normal }) => {
      const plane = planeOf(normal)
      if (rules.planes.includes(plane)) return null
      return `${plane}, ${Math.round(degreesFromAxial(normal))} degrees from axial; read are only ${rules.planes.join(', ')}`
    },
    ({ instances }) =>
      instances.length < rules.minSlices
        ? `only ${instances.length} slices, ${rules.minSlices} needed`
        : null,
    (series) => {
      const mm = bodyLengthMm(series)
      return mm < rules.minLengthMm ? `covers only ${mm.toFixed(0)} mm, ${rules.minLengthMm} mm needed` : null
    },
  ]
}

function preferencesOf(rules: SeriesRules): readonly Preference[] {
  const { thicknessClassesMm: classes } = rules
  const thinEnoughMm = classes[classes.length - 1]
  const neck = wholeWords(rules.neckWords)
  const nearNeck = wholeWords(rules.nearNeckWords)
  const elsewhere = wholeWords(rules.elsewhereWords)
  const kernels = anywhere(rules.boneKernels)
  const boneWords = wholeWords(rules.boneWords)

  /** 0 the neck is named, 1 nothing known or near it, 2 elsewhere. */
  const neckRank = ({ instances: [first] }: Series): number => {
    const text = `${first.bodyPart} ${first.seriesDescription} ${first.protocolName}`.replaceAll('_', ' ')
    if (neck.test(text)) return 0
    if (nearNeck.test(text)) return 1
    return elsewhere.test(text) ? 2 : 1
  }
  const thicknessClass = (series: Series): number => {
    const index = classes.findIndex((limit) => detailMm(series) <= limit + 0.01)
    return index === -1 ? Math.ceil(detailMm(series)) + classes.length : index
  }
  const isBone = ({ instances: [first] }: Series): boolean =>
    kernels.test(first.kernel.split('\\')[0].trim()) || boneWords.test(first.seriesDescription)

  const known: Readonly<Record<Extract<SeriesRules['prefer'][number], string>, Preference>> = {
    'thin-enough': {
      words: `slices of ${thinEnoughMm} mm or thinner`,
      rank: (series) => (detailMm(series) <= thinEnoughMm + 0.01 ? 0 : 1),
    },
    plane: {
      words: (better, worse) => `${planeOf(better.normal)}, not ${planeOf(worse.normal)}`,
      rank: ({ normal }) => rules.planes.indexOf(planeOf(normal)),
    },
    original: { words: 'original, not derived', rank: (series) => (isDerived(series) ? 1 : 0) },
    neck: { words: 'the header names the neck', rank: neckRank },
    thinner: { words: 'thinner slices', rank: thicknessClass },
    bone: { words: 'bone kernel', rank: (series) => (isBone(series) ? 0 : 1) },
    finer: { words: 'finer spacing', rank: ({ stepMm }) => Math.round((stepMm ?? 99) * 100) },
    'more-slices': { words: 'more slices', rank: ({ instances }) => -instances.length },
  }
  return rules.prefer.map((preference): Preference => {
    if (typeof preference === 'string') return known[preference]
    const matcher = new RegExp(preference.matches, 'i')
    return {
      words: preference.words,
      rank: (series) => (matcher.test(textOf(series, preference.field)) ? 0 : 1),
    }
  })
}

const anywhere = (patterns: readonly string[]): RegExp =>
  // An empty list matches nothing.
  new RegExp(patterns.length === 0 ? '(?!)' : patterns.map((p) => `(?:${p})`).join('|'), 'i')
const wholeWords = (patterns: readonly string[]): RegExp => anywhere(patterns.map((p) => `\\b(?:${p})\\b`))
const wholeValue = (patterns: readonly string[]): RegExp => anywhere(patterns.map((p) => `^(?:${p})$`))

function textOf({ instances: [first] }: Series, field: SeriesRules['reject'][number]['field']): string {
  const value: string | readonly string[] = first[field satisfies keyof Instance]
  return typeof value === 'string' ? value : value.join('\\')
}

/** Length in view along the image axis that runs along the body: the stack, or the rows or columns of sagittal slices. */
function bodyLengthMm({ normal, extentMm, instances: [first] }: Series): number {
  const [alongRow, downColumn] = first.orientation!
  const [betweenRows, betweenColumns] = first.pixelSpacingMm!
  const axes = [
    { along: Math.abs(normal[2]), mm: extentMm },
    { along: Math.abs(alongRow[2]), mm: betweenColumns * (first.format.columns - 1) },
    { along: Math.abs(downColumn[2]), mm: betweenRows * (first.format.rows - 1) },
  ]
  return axes.reduce((best, axis) => (axis.along > best.along ? axis : best)).mm
}

/** Detail along the patient: thick overlapping slices show no more than their thickness. */
const detailMm = (series: Series): number =>
  Math.max(series.stepMm ?? 99, series.instances[0].sliceThicknessMm ?? 0)

export const isDerived = ({ instances: [first] }: Series): boolean =>
  first.imageType[0] === 'DERIVED' || first.imageType.includes('MPR')
