import type { Motion } from './plan.ts'

/** Shifts one slice, all of it or (a double contour) half of its signal. Labels follow the sharper half. */
export function jolt(options: {
  readonly motion: Motion
  readonly size: number
  readonly pixelMm: number
  readonly hu: Float32Array
  readonly masks: readonly Uint8Array[]
  readonly scratch: Float32Array
}): void {
  const { motion, size, pixelMm, hu, masks, scratch } = options
  const [sx, sy] = motion.shiftMm.map((mm) => mm / pixelMm)
  const x0 = Math.floor(-sx)
  const y0 = Math.floor(-sy)
  const fx = -sx - x0
  const fy = -sy - y0
  const clamp = (v: number) => (v < 0 ? 0 : v >= size ? size - 1 : v)
  scratch.set(hu)
  const own = motion.kind === 'step' ? 0 : 0.5
  for (let j = 0, n = 0; j < size; j++) {
    const a = clamp(j + y0) * size
    const b = clamp(j + y0 + 1) * size
    for (let i = 0; i < size; i++, n++) {
      const l = clamp(i + x0)
      const r = clamp(i + x0 + 1)
      const top = scratch[a + l] + fx * (scratch[a + r] - scratch[a + l])
      const low = scratch[b + l] + fx * (scratch[b + r] - scratch[b + l])
      const moved = top + fy * (low - top)
      hu[n] = moved + own * (scratch[n] - moved)
    }
  }
  if (own) return
  const dx = Math.round(-sx)
  const dy = Math.round(-sy)
  for (const mask of masks) {
    const before = mask.slice()
    for (let j = 0, n = 0; j < size; j++) {
      const row = clamp(j + dy) * size
      for (let i = 0; i < size; i++, n++) mask[n] = before[row + clamp(i + dx)]
    }
  }
}
