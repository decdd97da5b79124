/** 95 % interval. */
export type Interval = { readonly low: number; readonly high: number }

/** A number with its 95 % interval; the interval is null where it cannot be had. */
export type Estimate = { readonly value: number; readonly interval: Interval | null }

/** A value that may not be defined, with its interval. */
export const toEstimate = (value: number | null, interval: Interval | null): Estimate | null =>
  value === null ? null : { value, interval }

/** Quantile with linear interpolation between order statistics, as NumPy's default; null of nothing. */
export function quantile(values: Iterable<number>, share: number): number | null {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length === 0) return null
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (at - below) * (sorted[above] - sorted[below])
}

export const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length
