import type { Skin } from '../tissue/skin.ts'

/** Deviations of noise at one height: in every direction, and along the rays that pass from side to side, by row. */
export type Starvation = {
  /** Noise against that of a slim neck. */
  readonly grain: number
  /** By row of the image, HU. */
  readonly streakHu: Float32Array
  readonly darkHu: Float32Array
}

/** Attenuation of water at 70 keV, per mm. */
const WATER_PER_MM = 0.0193
/** Path through a slim neck, mm: noise is 1 there. */
const NECK_MM = 120
/** Tube current modulation makes up for this part of the extra attenuation, on a logarithmic scale. */
const MODULATED = 0.45

/** Noise of a ray of this length against that of a ray through the neck: Poisson statistics, modulated current. */
export const rayNoise = (lengthMm: number): number =>
  Math.exp((1 - MODULATED) * 0.5 * WATER_PER_MM * Math.max(0, lengthMm - NECK_MM))

/**
 * Photon starvation from the body's own outline: rows whose side-to-side rays are long get streaks and a dark band,
 * everything else at this height gets the grain of the mean ray.
 *
 * @param at Patient frame of the row's middle, at row j.
 */
export function starve(options: {
  readonly skin: Skin
  readonly at: (j: number) => readonly [x: number, y: number, z: number]
  readonly rows: number
  readonly pixelMm: number
  readonly strength: number
  readonly noiseHu: number
  readonly hardeningHu: number
}): Starvation {
  const { skin, at, rows, pixelMm, strength, noiseHu, hardeningHu } = options
  const streakHu = new Float32Array(rows)
  const darkHu = new Float32Array(rows)
  const every = Math.max(1, Math.round(8 / pixelMm))
  const reach = Math.ceil(rows / every) + 1
  const lengths = Array.from({ length: reach }, (_, n) => {
    const [x, y, z] = at(n * every)
    return skin.chord(x, y, z)
  })
  let widest = 0
  for (let j = 0; j < rows; j++) {
    const n = j / every
    const i = Math.floor(n)
    const length = lengths[i] + (n - i) * (lengths[i + 1] - lengths[i])
    widest = Math.max(widest, length)
    const lack = strength * Math.max(0, rayNoise(length) - 1.6)
    streakHu[j] = 1.1 * noiseHu * Math.min(6, lack)
    darkHu[j] = hardeningHu * Math.min(2.5, 0.6 * lack)
  }
  const inside = lengths.filter((l) => l > 0).length * every * pixelMm
  return { grain: 0.35 * rayNoise(widest) + 0.65 * rayNoise(inside), streakHu, darkHu }
}
