/** What may vary in a data set of phantoms, as ranges [low, high]. */
export type Preset = {
  readonly columns: readonly number[]
  /** Pixel spacing and slice spacing of thin-slice studies, mm. */
  readonly pixelMm: readonly [number, number]
  readonly sliceMm: readonly [number, number]
  readonly slices: readonly [number, number]
  /** Length along z aimed at, mm; the number of slices follows from it. Absent: slices decide. */
  readonly lengthMm?: readonly [number, number]
  /** Upper end of the field of view above C1, mm. Absent: what is left of the length above and below C1 to C7, shared by chance. */
  readonly topMm?: readonly [number, number]
  /** Share of studies with the pixels and slices of radiotherapy planning, and those, mm; 1.1-4 and 2-5 when absent. */
  readonly coarseShare: number
  readonly coarsePixelMm?: readonly [number, number]
  readonly coarseSliceMm?: readonly [number, number]
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

const small: Preset = {
  ...rsna,
  columns: [128],
  pixelMm: [1.55, 1.65],
  sliceMm: [2.4, 2.6],
  slices: [88, 92],
  truncatedShare: 0,
  tiltShare: 0,
  boneStepMm: 1.2,
  tissueStepMm: 2.5,
}

export const PRESETS = {
  rsna,
  healthy: { ...rsna, fracturedLevels: [1] },
  /** Twice as many slices as RSNA's studies have, for what must hold in memory. */
  thin: { ...rsna, sliceMm: [0.5, 0.5], slices: [600, 600], truncatedShare: 0 },
  tune,
  train: {
    ...tune,
    coarseShare: 0.25,
    thickShare: 0.15,
    thoraxShare: 0.06,
    truncatedShare: 0.3,
    fracturedLevels: MANY_LEVELS,
  },
  /**
   * For the segmenter: head-and-neck planning scans as in OpenKBP (128 columns of about 3.9 mm, slices of 2.5 mm), from
   * somewhere in the head to somewhere between mid-neck and lungs.
   */
  planning: {
    ...tune,
    coarseShare: 1,
    coarsePixelMm: [3.2, 4.8],
    coarseSliceMm: [2, 3],
    lengthMm: [190, 360],
    topMm: [15, 150],
    thoraxShare: 0.03,
    truncatedShare: 0.35,
    fracturedLevels: [70, 15, 8, 4, 3],
    boneStepMm: 1.4,
    tissueStepMm: 2.2,
  },
  /** For the fracture models: the cervical spine fills a small field of view, so that a study takes a second. */
  zoomed: {
    ...tune,
    columns: [192, 208, 224],
    pixelMm: [0.52, 0.7],
    sliceMm: [0.9, 1.25],
    lengthMm: [155, 185],
    tiltShare: 0.05,
    truncatedShare: 0.2,
    fracturedLevels: MANY_LEVELS,
    boneStepMm: 1.1,
    tissueStepMm: 2.4,
  },
  small,
  /** Small, but fine enough to judge fractures and with many of them: a training from nothing within minutes. */
  drill: { ...small, columns: [160], pixelMm: [1.3, 1.4], fracturedLevels: MANY_LEVELS },
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof PRESETS
