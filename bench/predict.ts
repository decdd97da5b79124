// npm run bench -- STUDY_DIR [--bundle DIR] [--runs N] [--copies N] [--python FILE] [--run DIR] [--out FILE]
// NeckFrac and bench/peer in turn on one study, each as a whole process on two threads. README.md says what it means.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, cpus, platform, tmpdir, totalmem } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { LEVELS, type Report } from '@neckfrac/core'
import { compareProbabilities, median, medians, type Probabilities } from './comparison.ts'
import { type ProcessRun, runProcess } from './process.ts'

const THREADS = 2
/** What agreement, speed and cost should be; printed beside what was found. */
const TARGET = { difference: 0.01, ratio: 2.5, seconds: 6, gigabytes: 1.2 } as const

const root = path.dirname(import.meta.dirname)
const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    bundle: { type: 'string', default: path.join(root, 'models', 'compact') },
    runs: { type: 'string', default: '5' },
    copies: { type: 'string', default: '4' },
    python: { type: 'string', default: path.join(root, 'training', '.venv', 'bin', 'python') },
    run: { type: 'string' },
    out: { type: 'string', default: path.join(import.meta.dirname, 'results', 'predict.json') },
  },
})
const [study] = positionals
const runs = Number(options.runs)
const copies = Number(options.copies)
if (positionals.length !== 1 || !(runs >= 1) || !(copies >= 1)) {
  console.error('usage: npm run bench -- STUDY_DIR [--bundle DIR] [--runs N] [--copies N] [--python FILE] [--run DIR] [--out FILE]')
  process.exit(2)
}
if (!existsSync(options.python)) {
  console.error(`bench: there is no ${options.python}. bench/README.md says how to make one, or give --python.`)
  process.exit(2)
}

type Measured = ProcessRun & {
  readonly probabilities: Probabilities
  readonly stages: Readonly<Record<string, number>>
}

/** `neckfrac predict` with all its reports, of one study given `times` times. */
async function predictHere(times = 1): Promise<Measured> {
  const out = await mkdtemp(path.join(tmpdir(), 'neckfrac-bench-'))
  try {
    const cli = path.join(root, 'packages', 'node', 'src', 'cli.ts')
    const run = await runProcess(process.execPath, [
      ...[cli, 'predict', ...Array<string>(times).fill(study)],
      ...['--out', out, '--format', 'json,csv,html'],
      ...['--bundle', options.bundle, '--threads', String(THREADS)],
    ])
    const reports = (await readdir(out, { recursive: true })).filter((f) => path.basename(f) === 'report.json')
    const { vertebrae, patient, timingsMs }: Report = JSON.parse(
      await readFile(path.join(out, reports[0]), 'utf8'),
    )
    const probabilities = Object.fromEntries(
      LEVELS.map((level) => [level, vertebrae.find((v) => v.level === level)?.probability ?? null]),
    )
    const stages = Object.fromEntries(Object.entries(timingsMs).map(([stage, ms]) => [stage, ms / 1000]))
    return { ...run, probabilities: { ...probabilities, patient_overall: patient.probability }, stages }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

type PeerOutput = {
  readonly probabilities: Probabilities
  readonly seconds: Readonly<Record<string, number>>
  readonly versions: Readonly<Record<string, string>>
}

async function predictThere(): Promise<Measured & { readonly versions: PeerOutput['versions'] }> {
  const run = await runProcess(options.python, [
    path.join(import.meta.dirname, 'peer', 'predict.py'),
    ...[study, '--bundle', options.bundle, '--threads', String(THREADS)],
    ...(options.run === undefined ? [] : ['--run', options.run]),
  ])
  const { probabilities, seconds, versions }: PeerOutput = JSON.parse(run.stdout)
  return { ...run, probabilities, stages: seconds, versions }
}

// One unmeasured run each: both then read the study and their own files from memory.
console.log('warming up')
await predictHere()
await predictThere()

const pairs: { ours: Measured; theirs: Awaited<ReturnType<typeof predictThere>> }[] = []
for (let n = 1; n <= runs; n++) {
  const ours = await predictHere()
  const theirs = await predictThere()
  pairs.push({ ours, theirs })
  console.log(`pair ${n} of ${runs}: ${ours.seconds.toFixed(2)} s, ${theirs.seconds.toFixed(2)} s`)
}
const several = copies > 1 ? await predictHere(copies) : null

const first = pairs[0]
const agreement = compareProbabilities(first.ours.probabilities, first.theirs.probabilities)
const ofPairs = (f: (pair: (typeof pairs)[number]) => number) => pairs.map(f)
const withoutImports = (theirs: Measured) => theirs.seconds - theirs.stages.imports
const ratios = ofPairs(({ ours, theirs }) => theirs.seconds / ours.seconds)
const ratiosWithoutImports = ofPairs(({ ours, theirs }) => withoutImports(theirs) / ours.seconds)
const seconds = {
  neckfrac: median(ofPairs(({ ours }) => ours.seconds)),
  peer: median(ofPairs(({ theirs }) => theirs.seconds)),
  peerWithoutImports: median(ofPairs(({ theirs }) => withoutImports(theirs))),
}
const peak = (run: ProcessRun) => run.peakBytes ?? Number.NaN
const peakBytes = {
  neckfrac: Math.max(...ofPairs(({ ours }) => peak(ours))),
  peer: Math.max(...ofPairs(({ theirs }) => peak(theirs))),
}
const warmSeconds = several === null ? null : (several.seconds - seconds.neckfrac) / (copies - 1)
const onnxRuntime: { version: string } = createRequire(path.join(root, 'packages', 'node', 'package.json'))(
  'onnxruntime-node/package.json',
)
const versions = { Node: process.versions.node, 'ONNX Runtime': onnxRuntime.version, ...first.theirs.versions }
const { geometry, bundle } = await describeStudy()
const machine = {
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${arch()}`,
}

/** What was measured, in words that need no path: from a run of its own, so that no measured run writes more. */
async function describeStudy(): Promise<{ geometry: string; bundle: string }> {
  const manifest: { name: string; version: string } = JSON.parse(
    await readFile(path.join(options.bundle, 'manifest.json'), 'utf8'),
  )
  const files = await readdir(study)
  return { geometry: `${files.length} slices`, bundle: `${manifest.name} ${manifest.version}` }
}

const fixed = (value: number | null, digits: number) => (value === null ? 'null' : value.toFixed(digits))
const range = (values: readonly number[]) =>
  `${median(values).toFixed(2)} (${values.map((v) => v.toFixed(2)).join(', ')})`
const line = (label: string, ...cells: string[]) =>
  console.log(label.padEnd(30) + cells.map((cell) => cell.padStart(12)).join(''))

console.log(`\n${geometry}; bundle ${bundle}; ${runs} pairs; ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.processor}`)
console.log(Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', '))
console.log()
line('', 'NeckFrac', 'Python')
for (const { name, ours, theirs } of agreement.rows) line(name, fixed(ours, 4), fixed(theirs, 4))
line('seconds, whole process', fixed(seconds.neckfrac, 2), fixed(seconds.peer, 2))
line('seconds without imports', '', fixed(seconds.peerWithoutImports, 2))
if (warmSeconds !== null) line('seconds, each further study', fixed(warmSeconds, 2))
line('peak GB', fixed(peakBytes.neckfrac / 1e9, 2), fixed(peakBytes.peer / 1e9, 2))
const stages = {
  neckfrac: medians(ofPairsOf('ours')),
  peer: medians(ofPairsOf('theirs')),
}
function ofPairsOf(side: 'ours' | 'theirs') {
  return pairs.map((pair) => pair[side].stages)
}
for (const stage of new Set([...Object.keys(stages.neckfrac), ...Object.keys(stages.peer)]))
  line(`  ${stage}`, fixed(stages.neckfrac[stage] ?? null, 2).replace('null', ''), fixed(stages.peer[stage] ?? null, 2).replace('null', ''))
console.log(`\nlargest difference             ${agreement.largest.toExponential(1)} (at most ${TARGET.difference})`)
console.log(`times as fast, pair by pair    ${range(ratios)} (at least ${TARGET.ratio})`)
console.log(`  without Python's imports     ${range(ratiosWithoutImports)}`)
console.log(`seconds, gigabytes             ${fixed(seconds.neckfrac, 2)}, ${fixed(peakBytes.neckfrac / 1e9, 2)} (at most ${TARGET.seconds}, ${TARGET.gigabytes})`)

const result = {
  study: geometry,
  bundle,
  machine,
  threads: THREADS,
  versions,
  peerWeights: options.run === undefined ? "the bundle's ONNX files in PyTorch" : "the trainer's modules and weights",
  probabilities: agreement.rows,
  largestDifference: agreement.largest,
  medianSeconds: { ...seconds, neckfracEachFurtherStudy: warmSeconds },
  medianStageSeconds: stages,
  peakBytes,
  ratios: { wholeProcess: ratios, withoutPeerImports: ratiosWithoutImports },
}
await mkdir(path.dirname(options.out), { recursive: true })
await writeFile(options.out, `${JSON.stringify(result, null, 2)}\n`)
console.log(`\n${path.relative(process.cwd(), options.out)}`)
