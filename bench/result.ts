import { type Comparison, compareProbabilities, median, medians } from './comparison.ts'
import type { Peer, Prediction } from './sides.ts'

/** What agreement, speed and cost should be; printed beside what was found, asserted nowhere. */
const TARGET = { difference: 0.01, ratio: 2.5, seconds: 6, gigabytes: 1.2 } as const

/** Where and with what it was measured. */
export type Setting = {
  readonly study: string
  readonly bundle: string
  readonly peerWeights: string
  readonly machine: string
  readonly threads: number
  readonly versions: Readonly<Record<string, string>>
}

/** results/predict.json. */
export type Result = Setting & {
  readonly probabilities: Comparison['rows']
  readonly largestDifference: number
  /** Medians over the pairs. */
  readonly seconds: {
    readonly neckfrac: number
    readonly neckfracEachFurtherStudy: number | null
    readonly peer: number
    readonly peerWithoutImports: number
  }
  readonly stageSeconds: {
    readonly neckfrac: Readonly<Record<string, number>>
    readonly peer: Readonly<Record<string, number>>
  }
  /** Largest over the pairs; null where it cannot be measured. */
  readonly peakBytes: { readonly neckfrac: number | null; readonly peer: number | null }
  /** Processor time on all cores, median over the pairs. */
  readonly cpuSeconds: { readonly neckfrac: number | null; readonly peer: number | null }
  /** The peer's seconds over NeckFrac's, pair by pair. */
  readonly ratios: {
    readonly wholeProcess: readonly number[]
    readonly withoutPeerImports: readonly number[]
  }
}

export type Pair = { readonly ours: Prediction; readonly theirs: Peer }

/** @param several One process that read `copies` studies. */
export function summarize(
  pairs: readonly Pair[],
  several: { readonly seconds: number; readonly copies: number } | null,
  setting: Setting,
): Result {
  const ours = pairs.map((pair) => pair.ours)
  const theirs = pairs.map((pair) => pair.theirs)
  const withoutImports = theirs.map((run) => run.seconds - run.stages.imports)
  const neckfrac = median(ours.map((run) => run.seconds))
  const agreement = pairs.map((pair) =>
    compareProbabilities(pair.ours.probabilities, pair.theirs.probabilities),
  )
  return {
    ...setting,
    probabilities: agreement[0].rows,
    largestDifference: Math.max(...agreement.map((a) => a.largest)),
    seconds: {
      neckfrac,
      neckfracEachFurtherStudy: several ? (several.seconds - neckfrac) / (several.copies - 1) : null,
      peer: median(theirs.map((run) => run.seconds)),
      peerWithoutImports: median(withoutImports),
    },
    stageSeconds: {
      neckfrac: medians(ours.map((run) => run.stages)),
      peer: medians(theirs.map((run) => run.stages)),
    },
    peakBytes: { neckfrac: largestPeak(ours), peer: largestPeak(theirs) },
    cpuSeconds: { neckfrac: medianCpu(ours), peer: medianCpu(theirs) },
    ratios: {
      wholeProcess: ours.map((run, n) => theirs[n].seconds / run.seconds),
      withoutPeerImports: ours.map((run, n) => withoutImports[n] / run.seconds),
    },
  }
}

function largestPeak(runs: readonly Prediction[]): number | null {
  const peaks = runs.flatMap((run) => run.peakBytes ?? [])
  return peaks.length > 0 ? Math.max(...peaks) : null
}

function medianCpu(runs: readonly Prediction[]): number | null {
  const times = runs.flatMap((run) => run.cpuSeconds ?? [])
  return times.length > 0 ? median(times) : null
}

/** The result as a table for a terminal. */
export function toText(result: Result): string {
  const { seconds, stageSeconds, peakBytes, cpuSeconds, ratios, versions } = result
  const number = (value: number | null | undefined, digits: number) => value?.toFixed(digits) ?? '-'
  const line = (label: string, ours: string, theirs: string) =>
    label.padEnd(32) + ours.padStart(10) + theirs.padStart(10)
  const list = (values: readonly number[]) =>
    `${median(values).toFixed(2)} (${values.map((v) => v.toFixed(2)).join(', ')})`
  const gigabytes = (bytes: number | null) => number(bytes === null ? null : bytes / 1e9, 2)
  const stages = new Set([...Object.keys(stageSeconds.neckfrac), ...Object.keys(stageSeconds.peer)])
  stages.delete('total')
  return [
    `${result.study}; bundle ${result.bundle}; ${result.threads} threads; ${result.machine}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `Weights of the peer: ${result.peerWeights}`,
    '',
    line('', 'NeckFrac', 'Python'),
    ...result.probabilities.map((row) => line(row.name, number(row.ours, 4), number(row.theirs, 4))),
    line('seconds, whole process', number(seconds.neckfrac, 2), number(seconds.peer, 2)),
    line("seconds without Python's imports", '', number(seconds.peerWithoutImports, 2)),
    line('seconds, each further study', number(seconds.neckfracEachFurtherStudy, 2), ''),
    line('processor seconds, all cores', number(cpuSeconds.neckfrac, 2), number(cpuSeconds.peer, 2)),
    line('peak memory, GB', gigabytes(peakBytes.neckfrac), gigabytes(peakBytes.peer)),
    ...[...stages].map((stage) =>
      line(`  ${stage}, s`, number(stageSeconds.neckfrac[stage], 2), number(stageSeconds.peer[stage], 2)),
    ),
    '',
    `largest difference of a probability   ${result.largestDifference.toExponential(1)} (wanted: at most ${TARGET.difference})`,
    `times as fast, pair by pair           ${list(ratios.wholeProcess)} (wanted: at least ${TARGET.ratio})`,
    `... without Python's imports          ${list(ratios.withoutPeerImports)}`,
    `NeckFrac's seconds and gigabytes      ${number(seconds.neckfrac, 2)}, ${gigabytes(peakBytes.neckfrac)} ` +
      `(wanted: at most ${TARGET.seconds}, ${TARGET.gigabytes})`,
  ].join('\n')
}
