import type { Bone, Part } from './anatomy/parts.ts'
import type { Preset } from './presets.ts'
import type { Random } from './random.ts'
import type { ScanPlan } from './scanner/plan.ts'
import type { Layer } from './tissue/layers.ts'
import type { Soft } from './tissue/soft.ts'

/**
 * What the randomised family draws: physical, but wider than any patient or scanner, after SynthSeg (Billot 2023).
 * Ranges are [low, high], shares are probabilities.
 */
export const RANDOMISED = {
  /** Bone, HU and mm. All bones of a patient draw once; then each differs by `ownBone` of that. */
  cortexHu: [250, 1800],
  coreHu: [0, 900],
  cortexMm: [0.3, 1.6],
  texture: [0, 0.5],
  ownBone: 0.15,
  /** Bones of one grey, and bones whose core is denser than their cortex. */
  flatShare: 0.08,
  invertedShare: 0.08,
  /** A vertebra that is sclerotic or osteopenic among others: factor of its core. */
  oddShare: 0.08,
  oddCore: [0.4, 2.2],
  /** Each soft tissue by itself, HU; then all around 0 HU: contrast and brightness. */
  layerHu: [-45, 45],
  contrast: [0.6, 1.5],
  brightnessHu: [-30, 30],
  bloodHu: [20, 450],
  /** Share of studies on any grid, drawn evenly by logarithm; the others keep the preset's. */
  anyGridShare: 0.5,
  pixelMm: [0.4, 4],
  sliceMm: [0.5, 5],
  fieldMm: [110, 420],
  mostColumns: 352,
  psfMm: [0.24, 1.4],
  noiseHu: [2, 80],
  starvation: [0, 2.5],
  /** Shares of fields of view that cut the neck, or show none of it. */
  truncatedShare: 0.5,
  thoraxShare: 0.08,
} as const

/** The preset with fields of view of any kind. */
export const anyView = (preset: Preset): Preset => ({
  ...preset,
  truncatedShare: RANDOMISED.truncatedShare,
  thoraxShare: RANDOMISED.thoraxShare,
})

/** The plan with any blur and noise, and for half of the studies any grid. */
export function anyScanner(plan: ScanPlan, random: Random): ScanPlan {
  const even = ([low, high]: readonly [number, number]) => low * (high / low) ** random.next()
  const any = random.chance(RANDOMISED.anyGridShare)
  const pixelMm = any ? even(RANDOMISED.pixelMm) : plan.pixelMm
  const intervalMm = any ? even(RANDOMISED.sliceMm) : plan.intervalMm
  const columns = Math.round(random.range(...RANDOMISED.fieldMm) / pixelMm)
  return {
    ...plan,
    coarse: plan.coarse || pixelMm > 1.5,
    columns: any ? Math.max(64, Math.min(RANDOMISED.mostColumns, columns)) : plan.columns,
    pixelMm,
    reconMm: any ? Math.min(pixelMm, even(RANDOMISED.pixelMm)) : plan.reconMm,
    intervalMm,
    thicknessMm: any ? intervalMm * random.range(1, 1.5) : plan.thicknessMm,
    psfMm: even(RANDOMISED.psfMm),
    noiseHu: even(RANDOMISED.noiseHu),
    starvation: random.range(...RANDOMISED.starvation),
  }
}

/** Bones of any density. */
export function anyBones(parts: readonly Part[], random: Random): Part[] {
  const kind = random.next()
  const flat = kind < RANDOMISED.flatShare
  const inverted = !flat && kind < RANDOMISED.flatShare + RANDOMISED.invertedShare
  const draw = { cortex: random.range(...RANDOMISED.cortexHu), core: random.range(...RANDOMISED.coreHu) }
  const [low, high] = [Math.min(draw.cortex, draw.core), Math.max(draw.cortex, draw.core)]
  const cortexMm = random.range(...RANDOMISED.cortexMm)
  const texture = random.range(...RANDOMISED.texture)
  return parts.map((part) => {
    const own = (v: number) => v * (1 + RANDOMISED.ownBone * random.normal())
    const odd = random.chance(RANDOMISED.oddShare) ? random.range(...RANDOMISED.oddCore) : 1
    const cortexHu = own(inverted ? low : high)
    const bone: Bone = {
      cortexHu,
      coreHu: flat ? cortexHu : own(inverted ? high : low) * odd,
      cortexMm: own(cortexMm),
      texture,
    }
    return { ...part, bone, firm: undefined }
  })
}

/** Soft tissues of any grey; air stays air. */
export const anyLayers = (layers: readonly Layer[], random: Random): Layer[] =>
  layers.map((layer) =>
    layer.hu < -300 ? layer : { ...layer, hu: layer.hu + random.range(...RANDOMISED.layerHu) },
  )

/** Stretches all soft tissue around 0 HU, in place. */
export function anyContrast({ hu }: Soft, random: Random): void {
  const contrast = random.range(...RANDOMISED.contrast)
  const brightness = random.range(...RANDOMISED.brightnessHu)
  for (let n = 0; n < hu.data.length; n++)
    if (hu.data[n] > -300) hu.data[n] = hu.data[n] * contrast + brightness
}
