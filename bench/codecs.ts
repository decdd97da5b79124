// npm run bench:codecs -- STUDY_DIR [--python FILE] [--runs N] [--encoded DIR] [--out FILE]
// Decoding a study in each compressed transfer syntax, against pydicom with GDCM and pylibjpeg in the same run.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readInstance } from '../packages/core/src/dicom/header.ts'
import { createPixelReader } from '../packages/core/src/dicom/pixels.ts'
import { CODECS } from '../packages/node/src/codecs.ts'
import { cacheCompiledCode } from '../packages/node/src/compile-cache.ts'
import { openSource } from '../packages/node/src/sources.ts'

const root = path.dirname(import.meta.dirname)
const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: path.join(root, 'training', '.venv', 'bin', 'python') },
    runs: { type: 'string', default: '3' },
    encoded: { type: 'string' },
    out: { type: 'string', default: path.join(import.meta.dirname, 'results', 'codecs.json') },
  },
})
if (positionals.length !== 1 || !existsSync(options.python)) {
  console.error(
    'usage: npm run bench:codecs -- STUDY_DIR [--python FILE] [--runs N] [--encoded DIR] [--out FILE]; see bench/README.md',
  )
  process.exit(2)
}
// As cli.ts does, or the threads would take longer to start than in use.
cacheCompiledCode()
const SYNTAXES = ['jpeg-lossless', 'rle', 'jpeg-ls', 'jpeg-2000'] as const
const peer = path.join(import.meta.dirname, 'peer', 'codecs.py')
const THREADS = Math.min(4, availableParallelism())

type Side = { readonly seconds: number; readonly sha256: string }
/** Of all threads; on a busy machine it says more than the time on the clock. */
type Ours = Side & { readonly processorSeconds: number }

/** Files to stored values; the first run of the process also starts the threads. */
async function decodeHere(folder: string): Promise<Ours> {
  const files = await (await openSource(folder)).files()
  const read = createPixelReader(CODECS)
  const images = new Array<Uint8Array | Uint16Array>(files.length)
  const start = performance.now()
  const before = process.cpuUsage()
  let next = 0
  // As many files at a time as the reading of a volume has.
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      while (next < files.length) {
        const n = next++
        const parsed = await readInstance(files[n])
        if (parsed.kind !== 'instance') throw new Error(parsed.skipped.reason)
        images[n] = await read(parsed.instance, files[n])
      }
    }),
  )
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(before)
  const sums = images.map((values) => createHash('sha256').update(values).digest('hex'))
  return {
    seconds,
    processorSeconds: (user + system) / 1e6,
    sha256: createHash('sha256').update(sums.join('')).digest('hex'),
  }
}

const decodeThere = (folder: string): Side =>
  JSON.parse(execFileSync(options.python, [peer, 'decode', folder, String(THREADS)], { encoding: 'utf8' }))

const encoded = options.encoded ?? mkdtempSync(path.join(tmpdir(), 'neckfrac-codecs-'))
try {
  if (!existsSync(path.join(encoded, SYNTAXES[0])))
    execFileSync(options.python, [peer, 'encode', positionals[0], encoded])
  const rows = []
  for (const syntax of SYNTAXES) {
    const folder = path.join(encoded, syntax)
    const pairs = []
    for (let n = 0; n < Number(options.runs); n++) {
      const pair = { ours: await decodeHere(folder), theirs: decodeThere(folder) }
      if (pair.ours.sha256 !== pair.theirs.sha256) throw new Error(`${syntax}: the values differ`)
      const { seconds, processorSeconds } = pair.ours
      pairs.push({ ours: seconds, processorSeconds, theirs: pair.theirs.seconds })
    }
    rows.push({ syntax, pairs })
    const text = pairs.map(
      ({ ours, processorSeconds, theirs }) =>
        `${ours.toFixed(2)} s (${processorSeconds.toFixed(2)} s of processors), pydicom ${theirs.toFixed(2)} s, ratio ${(theirs / ours).toFixed(2)}`,
    )
    console.log(`${syntax.padEnd(14)} ${text.join('; ')}`)
  }
  const files = (await (await openSource(positionals[0])).files()).length
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.versions.node}`
  writeFileSync(options.out, `${JSON.stringify({ files, machine, threads: THREADS, rows }, null, 2)}\n`)
  console.log(path.relative(process.cwd(), options.out))
} finally {
  if (options.encoded === undefined) rmSync(encoded, { recursive: true })
}
