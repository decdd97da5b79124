// npm run bench:prepare -- RSNA_DIR [--bundle DIR] [--runs N] [--workers N] [--python FILE] [--out FILE]
// `neckfrac prepare --rsna` and the Python pipelines of peer/ in turn on one data set with masks.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { cpus, loadavg, platform, tmpdir, totalmem } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { decodeNpy } from '@neckfrac/core'
import { compareArrays, type Difference, summarize, toText } from './prepare-result.ts'
import { type ProcessRun, runProcess } from './process.ts'

const root = path.dirname(import.meta.dirname)
const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    bundle: { type: 'string', default: path.join(root, 'models', 'compact') },
    runs: { type: 'string', default: '4' },
    workers: { type: 'string', default: '2' },
    python: { type: 'string', default: path.join(root, 'training', '.venv', 'bin', 'python') },
    out: { type: 'string', default: path.join(import.meta.dirname, 'results', 'prepare.json') },
  },
})
const [rsna] = positionals
const most = Number(options.workers)
if (positionals.length !== 1 || !(Number(options.runs) >= 1) || !(most >= 1)) {
  console.error(
    'usage: npm run bench:prepare -- RSNA_DIR [--bundle DIR] [--runs N] [--workers N] [--python FILE] [--out FILE]',
  )
  process.exit(2)
}
for (const file of [path.join(rsna, 'train.csv'), options.python])
  if (!existsSync(file)) {
    console.error(`bench: there is no ${file}; see bench/README.md.`)
    process.exit(2)
  }

const scratch = await mkdtemp(path.join(tmpdir(), 'neckfrac-bench-'))
const folders = {
  neckfrac: path.join(scratch, 'neckfrac'),
  peer: path.join(scratch, 'peer'),
  monai: path.join(scratch, 'monai'),
}
const cli = path.join(root, 'packages', 'node', 'src', 'cli.ts')
const scripts = { peer: 'prepare.py', monai: 'prepare_monai.py' }

/** Runs a side on an empty folder. */
async function run(
  side: keyof typeof folders,
  workers: number,
  { data = rsna, more = [] }: { data?: string; more?: string[] } = {},
): Promise<ProcessRun> {
  await rm(folders[side], { recursive: true, force: true })
  const common = ['--rsna', data, '--out', folders[side], '--workers', `${workers}`, ...more]
  if (side === 'neckfrac') return runProcess(process.execPath, [cli, 'prepare', ...common])
  const script = path.join(import.meta.dirname, 'peer', scripts[side])
  return withoutImports(await runProcess(options.python, [script, ...common]))
}

// Importing PyTorch and MONAI takes seconds, which 2,019 studies would not notice.
function withoutImports(finished: ProcessRun): ProcessRun {
  const { imports }: { imports?: { seconds: number; cpuSeconds: number } } = JSON.parse(finished.stdout)
  if (!imports) return finished
  const { seconds, cpuSeconds } = finished
  return {
    ...finished,
    seconds: seconds - imports.seconds,
    cpuSeconds: cpuSeconds === null ? null : cpuSeconds - imports.cpuSeconds,
  }
}

function side(name: string, workers: number, start: () => Promise<ProcessRun>) {
  return { name, workers, start, runs: [] as ProcessRun[] }
}

// Most of RSNA's studies have no mask: a network finds their vertebrae.
const withoutMasks = path.join(scratch, 'without-masks')
await mkdir(withoutMasks)
for (const name of ['train.csv', 'train_bounding_boxes.csv', 'train_images'])
  await symlink(path.resolve(rsna, name), path.join(withoutMasks, name))

const hasMonai = await runProcess(options.python, ['-c', 'import monai, itk']).then(
  () => true,
  () => false,
)
if (!hasMonai) console.log('MONAI is left out: it is not installed; see bench/peer/requirements.txt')

const sides = [
  ...[...new Set([1, most])].flatMap((workers) => [
    side('neckfrac', workers, () => run('neckfrac', workers)),
    side('peer, tuned', workers, () => run('peer', workers)),
  ]),
  side('peer, usual', most, () => run('peer', most, { more: ['--usual'] })),
  ...(hasMonai ? [side('peer, MONAI', most, () => run('monai', most))] : []),
  side('neckfrac without masks', most, () =>
    run('neckfrac', most, { data: withoutMasks, more: ['--bundle', options.bundle] }),
  ),
]

try {
  // One run each that does not count: both then find the studies in memory. What they wrote is compared.
  console.log('warming up')
  await run('neckfrac', most)
  const versions: Record<string, string> = JSON.parse((await run('peer', most)).stdout).versions
  const differences = await compareFolders('peer')
  if (hasMonai) {
    Object.assign(versions, JSON.parse((await run('monai', most)).stdout).versions)
    differences.push(...(await compareFolders('monai')))
  }
  for (let n = 1; n <= Number(options.runs); n++)
    for (const { name, workers, runs, start } of sides) {
      const finished = await start()
      runs.push(finished)
      const { seconds, cpuSeconds } = finished
      console.log(
        `round ${n}: ${name}, ${workers} workers: ${seconds.toFixed(2)} s, CPU ${cpuSeconds?.toFixed(2) ?? '-'} s`,
      )
    }
  const result = summarize(sides, differences, {
    data: 'synthetic studies in the layout of RSNA 2022, in the file cache',
    ...(await measureImages()),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()}`,
    load: loadavg()[1].toFixed(1),
    versions: { Node: process.versions.node, ...versions },
  })
  console.log(`\n${toText(result)}`)
  await mkdir(path.dirname(options.out), { recursive: true })
  await writeFile(options.out, `${JSON.stringify(result, null, 2)}\n`)
  console.log(`\n${path.relative(process.cwd(), options.out)}`)
} finally {
  await rm(scratch, { recursive: true, force: true })
}

/** Array by array, over all studies. */
async function compareFolders(peer: 'peer' | 'monai'): Promise<Difference[]> {
  const studies = (await readdir(folders[peer], { withFileTypes: true })).filter((entry) =>
    entry.isDirectory(),
  )
  const read = async (side: keyof typeof folders, study: string, array: string) => {
    const file = path.join(folders[side], study, `${array}.npy`)
    return decodeNpy(await readFile(file), file).data
  }
  const differences: Difference[] = []
  for (const array of ['segment-image', 'segment-label', 'crop-image', 'crop-mask', 'crop-heat']) {
    const pairs = studies.map(async ({ name }) =>
      Promise.all([read('neckfrac', name, array), read(peer, name, array)] as const),
    )
    const name = peer === 'monai' ? `MONAI: ${array}` : array
    differences.push(compareArrays(name, await Promise.all(pairs)))
  }
  return differences
}

async function measureImages(): Promise<{ studies: number; imageBytes: number }> {
  const images = path.join(rsna, 'train_images')
  const files = (await readdir(images, { recursive: true })).filter((file) => file.endsWith('.dcm'))
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(images, file))).size))
  return {
    studies: new Set(files.map((file) => path.dirname(file))).size,
    imageBytes: sizes.reduce((sum, size) => sum + size, 0),
  }
}
