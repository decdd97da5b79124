// npm run bench -- STUDY_DIR [--bundle DIR] [--runs N] [--copies N] [--python FILE] [--run DIR] [--out FILE]
// NeckFrac and the Python pipeline of peer/ in turn on one study, each as a whole process on two threads.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { cpus, platform, totalmem } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Pair, summarize, toText } from './result.ts'
import { type Inputs, runNeckFrac, runPeer, THREADS } from './sides.ts'

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
const runs = Number(options.runs)
const copies = Number(options.copies)
if (positionals.length !== 1 || !(runs >= 1) || !(copies >= 1)) {
  console.error(
    'usage: npm run bench -- STUDY_DIR [--bundle DIR] [--runs N] [--copies N] [--python FILE] [--run DIR] [--out FILE]',
  )
  process.exit(2)
}
for (const file of [positionals[0], path.join(options.bundle, 'manifest.json'), options.python])
  if (!existsSync(file)) {
    console.error(`bench: there is no ${file}; see bench/README.md.`)
    process.exit(2)
  }

const inputs: Inputs = {
  study: positionals[0],
  bundle: options.bundle,
  python: options.python,
  run: options.run,
}

// One run each that does not count: both then find the study and their own files in memory.
console.log('warming up')
await runNeckFrac(inputs)
await runPeer(inputs)

const pairs: Pair[] = []
for (let n = 1; n <= runs; n++) {
  const pair = { ours: await runNeckFrac(inputs), theirs: await runPeer(inputs) }
  pairs.push(pair)
  const [ours, theirs] = [pair.ours.seconds, pair.theirs.seconds].map((s) => s.toFixed(2))
  console.log(`pair ${n} of ${runs}: NeckFrac ${ours} s, Python ${theirs} s`)
}
const several = copies > 1 ? { ...(await runNeckFrac(inputs, copies)), copies } : null

const manifest: { name: string; version: string } = JSON.parse(
  await readFile(path.join(inputs.bundle, 'manifest.json'), 'utf8'),
)
const onnxRuntime: { version: string } = createRequire(path.join(root, 'packages', 'node', 'package.json'))(
  'onnxruntime-node/package.json',
)
const result = summarize(pairs, several, {
  study: `${(await readdir(inputs.study, { recursive: true })).length} files`,
  bundle: `${manifest.name} ${manifest.version}`,
  peerWeights: inputs.run === undefined ? "the bundle's ONNX files" : "the trainer's modules and checkpoints",
  machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()}`,
  threads: THREADS,
  versions: { Node: process.versions.node, 'ONNX Runtime': onnxRuntime.version, ...pairs[0].theirs.versions },
})
console.log(`\n${toText(result)}`)
await mkdir(path.dirname(options.out), { recursive: true })
await writeFile(options.out, `${JSON.stringify(result, null, 2)}\n`)
console.log(`\n${path.relative(process.cwd(), options.out)}`)
