import { median } from './comparison.ts'
import type { ProcessRun } from './process.ts'

/** What the speed should be; printed beside what was found, asserted nowhere. */
const TARGET_RATIO = 3

/** The RSNA 2022 data set on disk: studies and bytes of its images. */
const RSNA = { studies: 2019, bytes: 343e9 } as const

/** How one kind of array differs between the two sides, over all studies. */
export type Difference = {
  readonly array: string
  readonly values: number
  /** Share of values that differ, and by how much at most, in the array's own unit (HU, 0-255 or labels). */
  readonly differing: number
  readonly largest: number
}

/** @param pairs The same array of both sides, one pair a study. */
export function compareArrays(
  array: string,
  pairs: readonly (readonly [ours: ArrayLike<number>, theirs: ArrayLike<number>])[],
): Difference {
  let [values, differing, largest] = [0, 0, 0]
  for (const [ours, theirs] of pairs) {
    // Arrays of different shapes share nothing.
    if (ours.length !== theirs.length) return { array, values: ours.length, differing: 1, largest: Infinity }
    values += ours.length
    for (let n = 0; n < ours.length; n++) {
      const difference = Math.abs(ours[n] - theirs[n])
      if (difference === 0) continue
      differing++
      largest = Math.max(largest, difference)
    }
  }
  return { array, values, differing: values === 0 ? 0 : differing / values, largest }
}

/** Runs of one command, one a round. */
export type Side = {
  readonly name: string
  readonly workers: number
  readonly runs: readonly ProcessRun[]
}

/** Where and with what it was measured. */
export type Setting = {
  readonly data: string
  readonly studies: number
  /** Of all image files together. */
  readonly imageBytes: number
  readonly machine: string
  readonly load: string
  readonly versions: Readonly<Record<string, string>>
}

/** One line of the table: medians over the rounds. */
export type Row = {
  readonly name: string
  readonly workers: number
  readonly seconds: number
  readonly studiesPerHour: number
  readonly cpuSecondsPerStudy: number | null
  readonly peakBytes: number | null
  /** Of RSNA's images, by bytes. */
  readonly rsnaHours: number
}

export type Result = Setting & {
  readonly rows: readonly Row[]
  /** Studies per hour over each peer's with as many workers, round by round; processor seconds likewise. */
  readonly ratios: readonly {
    readonly peer: string
    readonly workers: number
    readonly wall: readonly number[]
    readonly cpu: readonly number[]
  }[]
  readonly differences: readonly Difference[]
}

/** @param sides Peers are those whose name begins with `peer`; `neckfrac` is what they are compared with. */
export function summarize(
  sides: readonly Side[],
  differences: readonly Difference[],
  setting: Setting,
): Result {
  const rows = sides.map(({ name, workers, runs }): Row => {
    const seconds = median(runs.map((run) => run.seconds))
    const cpu = runs.flatMap((run) => run.cpuSeconds ?? [])
    const peaks = runs.flatMap((run) => run.peakBytes ?? [])
    return {
      name,
      workers,
      seconds,
      studiesPerHour: (3600 * setting.studies) / seconds,
      cpuSecondsPerStudy: cpu.length > 0 ? median(cpu) / setting.studies : null,
      peakBytes: peaks.length > 0 ? Math.max(...peaks) : null,
      rsnaHours: (seconds * RSNA.bytes) / setting.imageBytes / 3600,
    }
  })
  const ratios = sides
    .filter((side) => side.name.startsWith('peer'))
    .flatMap(({ name, workers, runs }) => {
      const own = sides.find((side) => side.name === 'neckfrac' && side.workers === workers)?.runs
      if (!own) return []
      return {
        peer: name,
        workers,
        wall: runs.map((run, n) => run.seconds / own[n].seconds),
        cpu: runs.flatMap(({ cpuSeconds }, n) => {
          const ours = own[n].cpuSeconds
          return cpuSeconds === null || ours === null ? [] : cpuSeconds / ours
        }),
      }
    })
  return { ...setting, rows, ratios, differences }
}

/** The result as a table for a terminal. */
export function toText({ rows, ratios, differences, ...setting }: Result): string {
  const list = (values: readonly number[]) =>
    values.length > 0 ? `${median(values).toFixed(2)} (${values.map((v) => v.toFixed(2)).join(', ')})` : '-'
  const columns = (cells: readonly string[]) =>
    cells.map((cell, n) => (n === 0 ? cell.padEnd(26) : cell.padStart(13))).join('')
  return [
    `${setting.data}: ${setting.studies} studies, ${(setting.imageBytes / 1e6).toFixed(0)} MB of images`,
    `${setting.machine}; load ${setting.load}`,
    Object.entries(setting.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    '',
    columns([
      '',
      'workers',
      'seconds',
      'studies/h',
      'CPU s/study',
      'peak GB',
      `h for ${RSNA.bytes / 1e9} GB`,
    ]),
    ...rows.map((row) =>
      columns([
        row.name,
        `${row.workers}`,
        row.seconds.toFixed(2),
        row.studiesPerHour.toFixed(0),
        row.cpuSecondsPerStudy?.toFixed(2) ?? '-',
        row.peakBytes === null ? '-' : (row.peakBytes / 1e9).toFixed(2),
        row.rsnaHours.toFixed(2),
      ]),
    ),
    '',
    ...ratios.flatMap(({ peer, workers, wall, cpu }) => [
      `times the studies per hour of ${peer}, ${workers} workers   ${list(wall)} (wanted: at least ${TARGET_RATIO})`,
      `... by processor seconds                               ${list(cpu)}`,
    ]),
    '',
    ...differences.map(
      ({ array, values, differing, largest }) =>
        `${array.padEnd(21)} ${values} values, ${(100 * differing).toFixed(4)} % differ, by ${largest} at most`,
    ),
  ].join('\n')
}
