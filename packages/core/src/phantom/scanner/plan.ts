import type { Preset } from '../presets.ts'
import type { Random } from '../random.ts'

export const KERNELS = ['soft', 'standard', 'bone', 'sharp'] as const
export type Kernel = (typeof KERNELS)[number]

/**
 * Point spread (Gaussian deviation, mm), edge enhancement and noise (HU, 1 mm slices, slim neck) of each kernel, as
 * ranges. Gaussians of 0.25, 0.36, 0.55, 0.75 mm pass 10 % of the contrast at 13.7, 9.5, 6.2, 4.6 lp/cm: from
 * vendors' sharpest bone kernels down to body kernels.
 */
const KERNEL_RANGES: Readonly<
  Record<Kernel, { psfMm: [number, number]; enhance: [number, number]; noiseHu: [number, number] }>
> = {
  soft: { psfMm: [0.62, 0.85], enhance: [0, 0], noiseHu: [6, 14] },
  standard: { psfMm: [0.45, 0.62], enhance: [0, 0.15], noiseHu: [9, 22] },
  bone: { psfMm: [0.32, 0.45], enhance: [0.2, 0.6], noiseHu: [18, 45] },
  sharp: { psfMm: [0.24, 0.32], enhance: [0.5, 0.9], noiseHu: [30, 65] },
}

/** A jerk of the patient while these slices were scanned; a double contour is a jerk within one rotation. */
export type Motion = {
  readonly kind: 'step' | 'double'
  /** Level of the spine at which it begins (3.5 is the disc C3/4), and how far down it lasts, mm. */
  readonly level: number
  readonly lengthMm: number
  /** Right-left and front-back, mm of the image. */
  readonly shiftMm: readonly [x: number, y: number]
}

/** All that was decided about a scan before it was made. The truth keeps it, so that results can be broken down by it. */
export type ScanPlan = {
  /** Grid of radiotherapy planning. */
  readonly coarse: boolean
  readonly columns: number
  readonly pixelMm: number
  /** Pixels of the reconstruction; smaller than pixelMm where images were thinned out afterwards, as in OpenKBP. */
  readonly reconMm: number
  /** Distance of slices; they overlap when it is less than their thickness. */
  readonly intervalMm: number
  readonly thicknessMm: number
  readonly kernel: Kernel
  /** Deviation of the in-plane point spread, mm. */
  readonly psfMm: number
  readonly enhance: number
  /** Deviation of the noise in a slim neck, HU. */
  readonly noiseHu: number
  /** Correlation of the noise of neighbouring slices. */
  readonly noiseLag: number
  /** How badly the shoulders starve: 0 not at all, 1 a usual scan, 2 a heavy one. */
  readonly starvation: number
  /** Dark band between dense bones, HU. */
  readonly hardeningHu: number
  /** The gantry's tilt: top of the slice towards the head positive, degrees. */
  readonly tiltDeg: number
  readonly motion: Motion | null
  /** Teeth with metal. */
  readonly restorations: number
  /** Streaks 30 mm beside such a tooth, deviation in HU. */
  readonly metalHu: number
  readonly armsUp: boolean
  readonly collar: boolean
  readonly endotrachealTube: boolean
  readonly nasogastricTube: boolean
  /** Outside the circle of reconstruction there are no values. */
  readonly padded: boolean
}

/**
 * Correlation of noise between neighbouring slices, by thickness over interval. Measured: 0.36 at 1.0 (LIDC, 1 mm),
 * 0.33 at 1.2 (ACRIN, 5 mm every 4.25 mm); 0.67 is a triangular profile sampled twice a thickness.
 */
export const noiseLagOf = (thicknessMm: number, intervalMm: number): number =>
  Math.max(0.05, Math.min(0.67, 0.35 + 0.32 * (thicknessMm / intervalMm - 1)))

/** Draws a scanner and its settings. The shares are of trauma scans: arms mostly down, collars and tubes frequent. */
export function planScan(preset: Preset, random: Random): ScanPlan {
  const coarse = random.chance(preset.coarseShare)
  const thick = !coarse && random.chance(preset.thickShare ?? 0)
  const pixelMm = coarse
    ? random.range(...(preset.coarsePixelMm ?? [1.1, 4]))
    : random.range(...preset.pixelMm)
  const sliceMm = coarse ? random.range(...(preset.coarseSliceMm ?? [2, 5])) : random.range(...preset.sliceMm)
  const thicknessMm = thick ? random.range(1.5, 3) : sliceMm
  const overlap = random.chance(coarse ? 0.1 : 0.35) ? random.range(0.5, 0.85) : 1
  // Presets state the distance of slices: where they overlap, the slices are thicker than that.
  const intervalMm = thick ? thicknessMm * overlap : sliceMm
  const depthMm = thick ? thicknessMm : Math.min(sliceMm / overlap, Math.max(sliceMm, 1.25))
  const kernel = random.pick(KERNELS, coarse ? [6, 3, 1, 0] : thick ? [3, 3, 3, 1] : [1, 1.5, 5, 2.5])
  const { psfMm, enhance, noiseHu } = KERNEL_RANGES[kernel]
  const metal = random.chance(0.25)
  const moved = random.chance(0.1)
  const intubated = random.chance(0.08)
  return {
    coarse,
    columns: coarse
      ? Math.max(64, Math.min(256, Math.round(random.range(220, 480) / pixelMm)))
      : random.pick(preset.columns),
    pixelMm,
    intervalMm,
    thicknessMm: depthMm,
    kernel,
    psfMm: random.range(...psfMm),
    enhance: pixelMm < 1 ? random.range(...enhance) : 0,
    // Noise falls with the square root of the thickness, and with that of the pixel once it is wider than the grain.
    noiseHu: (random.range(...noiseHu) / Math.sqrt(depthMm)) * Math.min(1, Math.sqrt(1 / pixelMm)),
    noiseLag: noiseLagOf(depthMm, intervalMm),
    starvation: random.range(0.3, 1.6),
    hardeningHu: random.range(0, 25),
    tiltDeg: !coarse && random.chance(preset.tiltShare ?? 0) ? random.sign() * random.range(3, 18) : 0,
    motion: moved
      ? {
          kind: random.chance(0.6) ? 'step' : 'double',
          level: random.range(1, 8),
          lengthMm: random.range(1, 9),
          shiftMm: [random.normal() * 1.6, random.sign() * random.range(0.8, 3)],
        }
      : null,
    restorations: metal ? random.pick([1, 2, 3, 5, 8]) : 0,
    metalHu: metal ? random.range(60, 350) : 0,
    armsUp: random.chance(0.12),
    collar: random.chance(0.3),
    endotrachealTube: intubated,
    nasogastricTube: intubated ? random.chance(0.8) : random.chance(0.03),
    padded: random.chance(0.15),
    reconMm: coarse && random.chance(0.7) ? Math.min(pixelMm, random.range(0.9, 1.2)) : pixelMm,
  }
}
