import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { deidentify, isNeckFracError, readNifti, uidOf } from '@neckfrac/core'
import { parseInstance } from '../../packages/core/src/dicom/instance.ts'
import { mutate } from './cases.ts'
import { createRandom } from './random.ts'

/**
 * Fuzzes the parsers for some minutes, guided by coverage: a damaged file that reaches a branch, or takes one more often,
 * than any before is damaged further. V8 counts the branches; no native fuzzer is needed.
 *
 *     node bench/hostile/fuzz.ts PILE [--minutes 10] [--seed 1]
 *
 * Prints what was reached, and writes inputs that break something beside itself as fault-N.bin.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
})
/** What is looked at: our own parsers and those they stand on. */
const WATCHED = /packages\/core\/src\/(dicom|deidentify|nifti)\/|node_modules\/dicom-parser\//
const LARGEST_INPUT = 16_384
const SLOW_MS = 2000

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

const reached = new Set<string>()

/** How many branches this run took that none before took so often; counts go by powers of two, as in AFL. */
async function countNew(): Promise<number> {
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const before = reached.size
  for (const { url, scriptId, functions } of result) {
    if (!WATCHED.test(url)) continue
    for (const { ranges } of functions)
      for (const { startOffset, endOffset, count } of ranges)
        if (count > 0) reached.add(`${scriptId}:${startOffset}-${endOffset}:${Math.floor(Math.log2(count))}`)
  }
  return reached.size - before
}

function run(bytes: Uint8Array): void {
  parseInstance('a', bytes)
  for (const read of [readNifti, (b: Uint8Array) => deidentify(b, { newUid: uidOf, pseudonym: () => 'P' })])
    try {
      read(bytes)
    } catch (error) {
      if (!isNeckFracError(error)) throw error
    }
}

const [pile] = positionals
const corpus: Uint8Array[] = readdirSync(pile, { recursive: true, encoding: 'utf8' })
  .map((name) => join(pile, name))
  .filter((path) => statSync(path).isFile())
  .map((path) => new Uint8Array(readFileSync(path).subarray(0, LARGEST_INPUT)))
let seeds = 0
for (const bytes of corpus) {
  run(bytes)
  if ((await countNew()) > 0) seeds++
}
console.log(`${corpus.length} files, of which ${seeds} reach something new; ${reached.size} branch counts`)

const random = createRandom(Number(values.seed))
const end = performance.now() + Number(values.minutes) * 60_000
let [runs, found, faults, slowest] = [0, 0, 0, 0]
while (performance.now() < end) {
  // What was found lately is looked at more often.
  const recent = random.below(2) === 0 ? Math.min(corpus.length, 64) : corpus.length
  const bytes = mutate(corpus[corpus.length - 1 - random.below(recent)], random).subarray(0, LARGEST_INPUT)
  const start = performance.now()
  try {
    run(bytes)
  } catch (error) {
    writeFileSync(new URL(`fault-${++faults}.bin`, import.meta.url), bytes)
    console.log(`FAULT ${error instanceof Error ? error.stack : error}`)
  }
  const ms = performance.now() - start
  slowest = Math.max(slowest, ms)
  if (ms > SLOW_MS) {
    writeFileSync(new URL(`fault-${++faults}.bin`, import.meta.url), bytes)
    console.log(`FAULT ${ms.toFixed(0)} ms`)
  }
  runs++
  if ((await countNew()) > 0) {
    corpus.push(bytes)
    found++
  }
}
console.log(
  `${runs} runs, ${found} inputs that reached something new, ${reached.size} branch counts, slowest ${slowest.toFixed(0)} ms, ${faults} faults`,
)
process.exitCode = faults > 0 ? 1 : 0
