export type Random = { below(limit: number): number }

/** Mulberry32: the same numbers for the same seed. */
export function createRandom(seed: number): Random {
  let state = (seed * 0x9e3779b1 + 0x85ebca6b) >>> 0
  return {
    below: (limit) => {
      state = (state + 0x6d2b79f5) >>> 0
      let t = Math.imul(state ^ (state >>> 15), 1 | state)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return (((t ^ (t >>> 14)) >>> 0) % limit) | 0
    },
  }
}
