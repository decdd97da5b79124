import type { Random } from '../random.ts'

export const TILE = 512

/** Zero-mean noise of unit deviation, periodic, TILE x TILE. Slices take it from random offsets: nearly free. */
export type NoiseTile = Float32Array

/** Box blur along one axis of a periodic tile. */
function blur(tile: Float32Array, radius: number, stride: number, lines: number): Float32Array {
  if (radius < 1) return tile
  const out = new Float32Array(tile.length)
  const width = 2 * radius + 1
  for (let line = 0; line < TILE; line++) {
    const base = line * lines
    let sum = 0
    for (let k = -radius; k <= radius; k++) sum += tile[base + ((k + TILE) & (TILE - 1)) * stride]
    for (let i = 0; i < TILE; i++) {
      out[base + i * stride] = sum / width
      sum += tile[base + ((i + radius + 1) & (TILE - 1)) * stride]
      sum -= tile[base + ((i - radius + TILE) & (TILE - 1)) * stride]
    }
  }
  return out
}

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

/** Noise of a CT kernel: band-passed; sharp kernels keep fine grain, smooth ones clump. */
export function createNoise(random: Random, sharp: boolean): NoiseTile {
  const raw = white(random)
  const fine = sharp ? raw : blur(blur(raw, 1, 1, TILE), 1, TILE, 1)
  const soft = blur(blur(fine, 1, 1, TILE), 1, TILE, 1)
  const wide = blur(blur(fine, 5, 1, TILE), 5, TILE, 1)
  return unit(soft.map((v, i) => (sharp ? 0.55 * fine[i] + v : v) - 0.9 * wide[i]))
}

/** Photon starvation across the shoulders: noise drawn out from left to right. */
export function createStreaks(random: Random): NoiseTile {
  const raw = white(random)
  const long = blur(blur(raw, 40, 1, TILE), 24, 1, TILE)
  return unit(blur(long, 1, TILE, 1))
}
