import { statSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createCodecs } from '@neckfrac/core/codecs'
import { damaged } from '../../packages/core/src/dicom/codecs/stream.ts'
import { mutate } from './cases.ts'
import { CORPUS, extensionOf, type Input, minimise, packCorpus, readCorpus } from './corpus.ts'
import { createCoverage, type Reached } from './coverage.ts'
import { createRandom } from './random.ts'
import { SEEDS } from './seeds.ts'
import { attempt } from './trial.ts'

/**
 * Fuzzes all that is done with one file, for some minutes, guided by coverage: a damaged file that reaches a branch, or
 * takes one more often, than any before is damaged further.
 *
 *     node bench/hostile/fuzz.ts [PILE] [--minutes 10] [--seed 1]
 *
 * Starts from the seeds and the kept corpus, and writes the corpus anew: few inputs that reach all that was reached. With
 * PILE, a folder of files, it starts from those and keeps none. Either way it writes what breaks something beside itself, as
 * fault-N.dcm.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
})
/** Our own code and the parser that it stands on. */
const WATCHED = /packages\/core\/src\/|node_modules\/dicom-parser\//
const LARGEST_INPUT = 16_384
const SLOW_MS = 2000

/** Decoders of our own alone, on this thread, where their branches are counted. */
const leftOut = async () => {
  throw damaged('left to a library')
}
const codecs = createCodecs({ loadNative: leftOut, openCharLs: leftOut })
const coverage = await createCoverage(WATCHED)
const reached = new Set<number>()
let [runs, faults, slowest] = [0, 0, 0]

async function run(name: string, bytes: Uint8Array): Promise<Input & { readonly reached: Reached }> {
  const start = performance.now()
  const { kind, what } = await attempt(name, bytes, codecs)
  const ms = performance.now() - start
  runs++
  slowest = Math.max(slowest, ms)
  if (kind === 'fault' || ms > SLOW_MS) {
    writeFileSync(new URL(`fault-${++faults}${extensionOf(name)}`, import.meta.url), bytes)
    console.log(`FAULT ${kind === 'fault' ? what : `${ms.toFixed(0)} ms`}`)
  }
  return { name, bytes, kind, reached: await coverage.take() }
}

/** Whether a run reached what none before did. */
function isNew(input: { readonly reached: Reached }): boolean {
  const before = reached.size
  for (const branch of input.reached) reached.add(branch)
  return reached.size > before
}

const [pile] = positionals
const start =
  pile === undefined
    ? [...[...SEEDS].map(([name, bytes]) => ({ name, bytes })), ...(await readCorpus())]
    : await readCorpus(pile)
// What runs once in a process, as the building of tables, belongs to no input.
for (const { name, bytes } of start.slice(0, SEEDS.size)) await run(name, bytes)
const corpus = []
for (const { name, bytes } of start) corpus.push(await run(name, bytes.subarray(0, LARGEST_INPUT)))
const useful = corpus.filter(isNew).length
console.log(`${corpus.length} files, of which ${useful} reach something new; ${reached.size} branch counts`)

const random = createRandom(Number(values.seed))
const end = performance.now() + Number(values.minutes) * 60_000
let found = 0
runs = 0
while (performance.now() < end) {
  // What was found lately is looked at more often.
  const recent = random.below(2) === 0 ? Math.min(corpus.length, 64) : corpus.length
  const { name, bytes } = corpus[corpus.length - 1 - random.below(recent)]
  const input = await run(name, mutate(bytes, random).subarray(0, LARGEST_INPUT))
  if (!isNew(input)) continue
  corpus.push(input)
  found++
}
console.log(
  `${runs} runs, ${found} inputs that reached something new, ${reached.size} branch counts, slowest ${slowest.toFixed(0)} ms, ${faults} faults`,
)
if (pile === undefined) {
  const kept: Input[] = []
  // With the libraries' decoders an input may end otherwise.
  for (const { name, bytes } of minimise(corpus))
    kept.push({ name, bytes, kind: (await attempt(name, bytes)).kind })
  writeFileSync(CORPUS, packCorpus(kept))
  console.log(`${kept.length} inputs kept, ${statSync(CORPUS).size} bytes`)
}
process.exitCode = faults > 0 ? 1 : 0
