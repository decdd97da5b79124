import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LEVELS, type Report } from '@neckfrac/core'
import type { Probabilities } from './comparison.ts'
import { type ProcessRun, runProcess } from './process.ts'

/** Threads of the networks, on either side. */
export const THREADS = 2

/** One prediction of one side. */
export type Prediction = ProcessRun & {
  readonly probabilities: Probabilities
  /** Seconds of each stage, as the side itself says. */
  readonly stages: Readonly<Record<string, number>>
}

export type Peer = Prediction & { readonly versions: Readonly<Record<string, string>> }

export type Inputs = {
  readonly study: string
  readonly bundle: string
  readonly python: string
  /** A training run, for the trainer's own PyTorch modules instead of the bundle's files. */
  readonly run: string | undefined
}

/** `neckfrac predict` with all its reports, of a study that is given `times` times. */
export async function runNeckFrac(
  { study, bundle }: Pick<Inputs, 'study' | 'bundle'>,
  times = 1,
): Promise<Prediction> {
  const out = await mkdtemp(path.join(tmpdir(), 'neckfrac-bench-'))
  try {
    const cli = path.join(import.meta.dirname, '..', 'packages', 'node', 'src', 'cli.ts')
    const studies = Array<string>(times).fill(study)
    const options = ['--out', out, '--format', 'json,csv,html', '--bundle', bundle, '--threads', `${THREADS}`]
    const run = await runProcess(process.execPath, [cli, 'predict', ...studies, ...options])
    const files = await readdir(out, { recursive: true })
    const json = files.filter((file) => path.basename(file) === 'report.json')
    if (json.length !== times) throw new Error(`${json.length} reports of ${times} studies:\n${run.stdout}`)
    const report: Report = JSON.parse(await readFile(path.join(out, json[0]), 'utf8'))
    return { ...run, ...resultsOf(report) }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

/** What a report says of its probabilities and its time. */
export function resultsOf(report: Report): Pick<Prediction, 'probabilities' | 'stages'> {
  const probabilityOf = (level: string) =>
    report.vertebrae.find((v) => v.level === level)?.probability ?? null
  return {
    probabilities: {
      ...Object.fromEntries(LEVELS.map((level) => [level, probabilityOf(level)])),
      patient_overall: report.patient.probability,
    },
    stages: Object.fromEntries(Object.entries(report.timingsMs).map(([stage, ms]) => [stage, ms / 1000])),
  }
}

/** What peer/predict.py prints. */
type PeerOutput = Pick<Peer, 'probabilities' | 'versions'> & { readonly seconds: Peer['stages'] }

/** The Python pipeline. */
export async function runPeer({ study, bundle, python, run: trained }: Inputs): Promise<Peer> {
  const script = path.join(import.meta.dirname, 'peer', 'predict.py')
  const options = ['--bundle', bundle, '--threads', `${THREADS}`, ...(trained ? ['--run', trained] : [])]
  const run = await runProcess(python, [script, study, ...options])
  const { seconds, ...output }: PeerOutput = JSON.parse(run.stdout)
  return { ...run, ...output, stages: seconds }
}
