/** C1-C7 and patient_overall; null where nothing was judged. */
export type Probabilities = Readonly<Record<string, number | null>>

export type Comparison = {
  readonly rows: readonly { name: string; ours: number | null; theirs: number | null }[]
  /** Largest difference; Infinity where only one of the two judged a level. */
  readonly largest: number
}

/** Probability by probability; a level that only one of the two knows counts as a difference. */
export function compareProbabilities(ours: Probabilities, theirs: Probabilities): Comparison {
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
  const rows = names.map((name) => ({ name, ours: ours[name] ?? null, theirs: theirs[name] ?? null }))
  const differences = rows.map(({ ours, theirs }) => {
    if (ours === null || theirs === null) return ours === theirs ? 0 : Infinity
    return Math.abs(ours - theirs)
  })
  return { rows, largest: Math.max(0, ...differences) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Medians of each key over runs. */
export function medians(runs: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const keys = Object.keys(runs[0] ?? {})
  return Object.fromEntries(keys.map((key) => [key, median(runs.map((run) => run[key]))]))
}
