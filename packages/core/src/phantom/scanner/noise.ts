import type { Random } from '../random.ts'

export const TILE = 512

/** Zero-mean noise of unit deviation, periodic, TILE x TILE. Slices take it from random offsets: nearly free. */
export type NoiseTile = Float32Array

/** Gaussian blur of a periodic tile along one axis (stride 1: x, TILE: y), deviation in pixels. */
function blur(tile: Float32Array, sigma: number, stride: 1 | typeof TILE): Float32Array {
  const reach = Math.min(TILE / 2, Math.ceil(3 * sigma))
  if (sigma < 0.15) return tile
  const taps = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - reach) / sigma) ** 2),
  )
  const total = taps.reduce((s, v) => s + v, 0)
  const out = new Float32Array(tile.length)
  const across = stride === 1 ? TILE : 1
  for (let line = 0; line < TILE; line++) {
    const base = line * across
    for (let i = 0; i < TILE; i++) {
      let sum = 0
      for (let k = -reach; k <= reach; k++)
        sum += taps[k + reach] * tile[base + ((i + k) & (TILE - 1)) * stride]
      out[base + i * stride] = sum / total
    }
  }
  return out
}

const spread = (tile: Float32Array, sigma: number) => blur(blur(tile, sigma, 1), sigma, TILE)

const unit = (tile: Float32Array): NoiseTile => {
  let s = 0
  for (const v of tile) s += v * v
  const f = 1 / Math.sqrt(s / tile.length)
  return tile.map((v) => v * f)
}

const white = (random: Random): Float32Array => {
  const tile = new Float32Array(TILE * TILE)
  // Irwin-Hall of three: normal enough, and much faster.
  for (let i = 0; i < tile.length; i++) tile[i] = random.next() + random.next() + random.next() - 1.5
  return tile
}

/**
 * Noise of a filtered back-projection: the kernel's point spread passes the fine grain, its ramp suppresses the
 * coarse. A difference of Gaussians whose wide one is 2.2 times the narrow one: at 1 mm pixels and a soft kernel
 * (psfMm 0.7) neighbours correlate by about 0.45 and next ones hardly, as measured in the ACRIN head.
 */
export function createNoise(random: Random, psfMm: number, pixelMm: number): NoiseTile {
  const raw = white(random)
  const fine = spread(raw, psfMm / pixelMm)
  const wide = spread(raw, (2.2 * psfMm) / pixelMm)
  return unit(fine.map((v, i) => v - 0.85 * wide[i]))
}

/** Half of a streak's slant: rows bend by this many pixels over the tile, so that streaks cross at up to 6 degrees. */
const BEND = 8

/** Photon starvation across the shoulders: noise drawn out along the rays, from side to side and slightly slanted. */
export function createStreaks(random: Random, psfMm: number, pixelMm: number): NoiseTile {
  const thin = Math.max(0.3, (0.9 * psfMm) / pixelMm)
  const one = blur(blur(white(random), 14 / pixelMm, 1), thin, TILE)
  const two = blur(blur(white(random), 9 / pixelMm, 1), thin, TILE)
  const out = new Float32Array(one.length)
  for (let j = 0, n = 0; j < TILE; j++)
    for (let i = 0; i < TILE; i++, n++) {
      const bend = Math.round(BEND * Math.sin((2 * Math.PI * i) / TILE))
      const up = (j + bend) & (TILE - 1)
      const down = (j - bend) & (TILE - 1)
      out[n] = one[up * TILE + i] + two[down * TILE + i]
    }
  return unit(out)
}

/**
 * Weights [centre, neighbour] that blend three independent slices of noise into one of the same deviation whose
 * correlation with the next slice is `lag` (at most 0.7) and a sixth or less with the one after that.
 */
export function blendWeights(lag: number): readonly [centre: number, neighbour: number] {
  const square = (1 - Math.sqrt(Math.max(0, 1 - 2 * lag * lag))) / 4
  return [Math.sqrt(1 - 2 * square), Math.sqrt(square)]
}
