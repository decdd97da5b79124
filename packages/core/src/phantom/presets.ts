/** What may vary in a data set of phantoms, as ranges [low, high]. */
export type Preset = {
  readonly columns: readonly number[]
  /** Pixel spacing and slice spacing of thin-slice studies, mm. */
  readonly pixelMm: readonly [number, number]
  readonly sliceMm: readonly [number, number]
  readonly slices: readonly [number, number]
  /** Length along z aimed at, mm; the number of slices follows from it. Absent: slices decide. */
  readonly lengthMm?: readonly [number, number]
  /** Share of studies with the pixels and slices of radiotherapy planning. */
  readonly coarseShare: number
  /** Share of thin-slice studies whose slices are 1.5 to 3 mm thick after all. */
  readonly thickShare?: number
  /** Share of thin-slice studies with a tilted gantry. */
  readonly tiltShare?: number
  /** Share of studies that show only the thorax, T1 and lower. */
  readonly thoraxShare: number
  /** Share of studies whose upper or lower end cuts the cervical spine. */
  readonly truncatedShare: number
  /** Weights of 0, 1, 2 … 7 fractured levels a study. */
  readonly fracturedLevels: readonly number[]
  /** Step of the bone and the soft-tissue lattices, mm. */
  readonly boneStepMm: number
  readonly tissueStepMm: number
}

/** Studies of RSNA 2022 by their number of fractured levels, 0 to 6. */
const RSNA_LEVELS = [1058, 623, 239, 64, 26, 7, 2]
/** A network learns most from fractures, so its studies have many; a third of the vertebrae are still intact neighbours. */
const MANY_LEVELS = [15, 10, 20, 25, 15, 10, 5]

const rsna: Preset = {
  columns: [512],
  pixelMm: [0.36, 0.5],
  sliceMm: [0.6, 1.0],
  slices: [300, 300],
  coarseShare: 0,
  tiltShare: 0.03,
  thoraxShare: 0,
  truncatedShare: 0.06,
  fracturedLevels: RSNA_LEVELS,
  boneStepMm: 1,
  tissueStepMm: 2,
}

/** As rsna in all that decides a threshold: how often fractures are, and how fine the slices; but three times as fast. */
const tune: Preset = {
  ...rsna,
  columns: [288, 320, 352],
  pixelMm: [0.55, 0.8],
  sliceMm: [0.8, 1.25],
  slices: [100, 300],
  lengthMm: [190, 245],
}

export const PRESETS = {
  rsna,
  healthy: { ...rsna, fracturedLevels: [1] },
  tune,
  train: {
    ...tune,
    coarseShare: 0.25,
    thickShare: 0.15,
    thoraxShare: 0.06,
    truncatedShare: 0.3,
    fracturedLevels: MANY_LEVELS,
  },
  small: {
    ...rsna,
    columns: [128],
    pixelMm: [1.55, 1.65],
    sliceMm: [2.4, 2.6],
    slices: [88, 92],
    truncatedShare: 0,
    tiltShare: 0,
    boneStepMm: 1.2,
    tissueStepMm: 2.5,
  },
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof PRESETS
