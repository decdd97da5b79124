/** A seeded stream of numbers (sfc32, public domain, by Chris Doty-Humphrey): same seed, same patient. */
export type Random = {
  /** Uniform in [0, 1). */
  readonly next: () => number
  /** Uniform in [low, high). */
  readonly range: (low: number, high: number) => number
  /** Standard normal, clipped at three deviations so that no single draw ruins a patient. */
  readonly normal: () => number
  readonly chance: (probability: number) => boolean
  readonly sign: () => 1 | -1
  /** One item, drawn with the given weights (equal ones when absent). */
  readonly pick: <T>(items: readonly T[], weights?: readonly number[]) => T
  /** An independent stream: what one room draws does not shift what another one draws. */
  readonly fork: (name: string) => Random
}

/** FNV-1a, 32 bit. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

export function createRandom(seed: string | number): Random {
  const key = String(seed)
  let a = hash(key)
  let b = hash(`${key}/b`)
  let c = hash(`${key}/c`)
  let d = 1
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 4294967296
  }
  for (let i = 0; i < 15; i++) next()
  const range = (low: number, high: number) => low + (high - low) * next()
  const normal = (): number => {
    const r = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    return Math.max(-3, Math.min(3, r))
  }
  const pick = <T>(items: readonly T[], weights?: readonly number[]): T => {
    if (!weights) return items[Math.floor(next() * items.length)]
    let left = next() * weights.reduce((s, w) => s + w, 0)
    for (let i = 0; i < items.length; i++) {
      left -= weights[i]
      if (left < 0) return items[i]
    }
    return items[items.length - 1]
  }
  return {
    next,
    range,
    normal,
    chance: (p) => next() < p,
    sign: () => (next() < 0.5 ? 1 : -1),
    pick,
    fork: (name) => createRandom(`${key}/${name}`),
  }
}
