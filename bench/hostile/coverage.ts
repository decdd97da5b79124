import { Session } from 'node:inspector/promises'

/** What one run took of the watched code: a number for each branch together with how often it was taken. */
export type Reached = readonly number[]

/**
 * Counts the branches of the modules whose URL matches, by V8; no native fuzzer is needed. Counts go by powers of two, as
 * in AFL: a loop that turns more often than ever before is something new.
 */
export async function createCoverage(watched: RegExp): Promise<{ take(): Promise<Reached> }> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const numbers = new Map<string, number>()
  const numberOf = (branch: string): number => {
    const known = numbers.get(branch) ?? numbers.size
    if (known === numbers.size) numbers.set(branch, known)
    return known
  }
  return {
    /** Since the last call. */
    take: async () => {
      const { result } = await session.post('Profiler.takePreciseCoverage')
      return result
        .filter(({ url }) => watched.test(url))
        .flatMap(({ scriptId, functions }) =>
          functions.flatMap(({ ranges }) =>
            ranges
              .filter(({ count }) => count > 0)
              .map(({ startOffset, endOffset, count }) =>
                numberOf(`${scriptId}:${startOffset}-${endOffset}:${Math.floor(Math.log2(count))}`),
              ),
          ),
        )
    },
  }
}
