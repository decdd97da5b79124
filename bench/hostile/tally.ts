import type { Outcome } from './trial.ts'

/** Counts of outcomes. */
export function createTally() {
  const reasons = new Map<string, number>()
  const tally = {
    count: 0,
    read: 0,
    refused: 0,
    faults: 0,
    slowest: { ms: 0, name: '' },
    add({ kind, what, ms }: Outcome & { readonly ms: number }, name: string) {
      tally.count++
      if (kind === 'read') tally.read++
      else if (kind === 'fault') tally.faults++
      else {
        tally.refused++
        const reason = generalize(what)
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      }
      if (ms > tally.slowest.ms) tally.slowest = { ms, name }
    },
    /** The most frequent first. */
    reasons: (limit: number): readonly (readonly [string, number])[] =>
      [...reasons].sort(([, a], [, b]) => b - a).slice(0, limit),
  }
  return tally
}

/** Numbers differ from file to file; the reason is the same. Names of transfer syntaxes stay. */
const generalize = (reason: string): string =>
  reason.includes('transfer syntax') ? reason : reason.replace(/\d+/g, 'N').replace(/\|/g, '/')
