import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import {
  adjustToSite,
  type Decision,
  type FamilyName,
  fitDecision,
  type LabelledStudy,
  type Manifest,
  NeckFracError,
  PRESETS,
  type PresetName,
  parseManifest,
  scoresOf,
} from '@neckfrac/core'
import { Command, Option } from 'commander'
import { writeAtomically } from '../atomic-file.ts'
import { readReports } from '../data-sets/evaluation-reports.ts'
import { listRsnaStudies } from '../data-sets/rsna-folder.ts'
import type * as worker from '../data-sets/score-worker.ts'
import { listTemplates } from '../data-sets/templates.ts'
import { interruptible } from '../interrupt.ts'
import { createPool, type Pool } from '../pool.ts'
import { createProgress } from '../progress.ts'
import { defaultWorkers } from '../workers.ts'
import { familiesOption, parseCount, requireTemplates, TEMPLATES } from './arguments.ts'

type Options = {
  readonly bundle: string
  readonly rsna?: string
  readonly phantoms?: number
  readonly reports?: string
  readonly unlabelled?: boolean
  readonly seed?: number
  readonly preset: PresetName
  readonly family: readonly FamilyName[]
  readonly templates?: string
  readonly workers: number
}

export const calibrateCommand = new Command('calibrate')
  .description(
    'Learn ensemble weight, calibration and the operating points of a bundle on studies that its networks did not see, or adjust it to a site without labels.',
  )
  .requiredOption('--bundle <dir>', 'bundle whose manifest.json gets the new decision')
  .option('--rsna <dir>', "labelled studies in RSNA's layout: train.csv, train_images")
  .option('--phantoms <n>', 'instead: so many synthetic patients of each family, made on the fly', parseCount)
  .option(
    '--reports <dir>',
    "instead, without labels: what `predict --out` wrote for a site's unselected studies; adjusts each level to the site",
  )
  .option('--unlabelled', 'adjust to a site in the same way with the studies of --rsna or --phantoms')
  .option(
    '--seed <s>',
    'seed of the first; the others follow. Keep away from the seeds of the training',
    parseCount,
  )
  .addOption(
    new Option('--preset <name>', 'what the phantoms are like').choices(Object.keys(PRESETS)).default('tune'),
  )
  .addOption(familiesOption())
  .option('--templates <dir>', TEMPLATES)
  .option('--workers <w>', 'threads', parseCount, defaultWorkers())
  .action((options: Options) => interruptible((signal) => calibrate(options, signal)))

type Job = {
  readonly label: string
  run(pool: Pool<typeof worker>, signal: AbortSignal): Promise<LabelledStudy>
}

async function calibrate(options: Options, signal: AbortSignal) {
  const path = join(options.bundle, 'manifest.json')
  const manifest = parseManifest(await readFile(path))
  if ([options.rsna, options.phantoms, options.reports].filter((o) => o !== undefined).length !== 1)
    throw new NeckFracError('usage', 'give one of --rsna DIR, --phantoms N and --reports DIR')
  const decision = options.reports
    ? await adjustByReports(options.reports, manifest)
    : await decideByScores(options, manifest, signal)
  await writeAtomically(path, `${JSON.stringify({ ...manifest, decision }, null, 2)}\n`)
  console.log(JSON.stringify(decision, null, 2))
}

/** Adjusts the decision by reports that the bundle's own networks gave. */
async function adjustByReports(folder: string, manifest: Manifest): Promise<Decision> {
  const reports = [...(await readReports(folder)).values()].filter((r) => r.status === 'analysed')
  const own = reports.filter(({ bundle }) =>
    Object.entries(manifest.networks).every(([name, { sha256 }]) => bundle.networks[name] === sha256),
  )
  if (own.length < reports.length)
    throw new NeckFracError(
      'data',
      `${reports.length - own.length} of ${reports.length} reports in ${folder} are by other networks than those of ${manifest.name} ${manifest.version}. Give a folder of its reports alone.`,
    )
  const studies = own.map(({ vertebrae }) =>
    Object.fromEntries(
      vertebrae.flatMap((v) => {
        const scores = v.probability === null ? null : scoresOf(v)
        return scores ? [[v.level, scores]] : []
      }),
    ),
  )
  return adjustToSite(manifest.decision, studies, `${own.length} studies of ${basename(resolve(folder))}`)
}

/** Scores studies with the bundle and learns from their labels, or without them how they differ. */
async function decideByScores(options: Options, manifest: Manifest, signal: AbortSignal): Promise<Decision> {
  const { jobs, name } = await jobsOf(options)
  const pool = createPool<typeof worker>(
    new URL('../data-sets/score-worker.ts', import.meta.url),
    options.workers,
  )
  const progress = createProgress('scoring', jobs.length)
  const failed: string[] = []
  try {
    const studies = await Promise.all(
      jobs.map(async (job) => {
        try {
          return [await job.run(pool, signal)]
        } catch (error) {
          signal.throwIfAborted()
          failed.push(error instanceof Error ? error.message : `${job.label}: ${error}`)
          return []
        } finally {
          progress.step()
        }
      }),
    )
    for (const reason of failed) console.error(`left out: ${reason}`)
    const learnedOn = failed.length > 0 ? `${name}, ${failed.length} of which could not be read` : name
    return options.unlabelled
      ? adjustToSite(
          manifest.decision,
          studies.flat().map((s) => s.scores),
          learnedOn,
        )
      : fitDecision(studies.flat(), learnedOn)
  } finally {
    progress.done()
    await pool.dispose()
  }
}

/** The studies to score, and how the manifest will call them. */
async function jobsOf(options: Options): Promise<{ jobs: Job[]; name: string }> {
  const { bundle, rsna, phantoms, seed, preset, family: families } = options
  if (rsna !== undefined) {
    const studies = await listRsnaStudies(rsna)
    const synthetic = studies.some((s) => s.synthetic) ? 'synthetic ' : ''
    return {
      name: `${studies.length} ${synthetic}studies of ${basename(resolve(rsna))}`,
      jobs: studies.map((study) => {
        const label = `study ${study.uid}`
        return {
          label,
          run: (pool, signal) => pool.run('scoreRsnaStudy', { study, bundle }, { label, signal }),
        }
      }),
    }
  }
  const count = phantoms ?? 0
  if (seed === undefined) throw new NeckFracError('usage', '--phantoms N needs --seed S')
  requireTemplates(families, options.templates)
  const templates = options.templates === undefined ? [] : await listTemplates(options.templates)
  return {
    name: `${count * families.length} synthetic studies, ${families.join(' and ')}, preset ${preset}, seeds ${seed} to ${seed + count - 1}`,
    jobs: families.flatMap((family) =>
      Array.from({ length: count }, (_, n) => {
        const label = `${family}, seed ${seed + n}`
        const input = { seed: seed + n, preset, family, templates, bundle }
        return { label, run: (pool, signal) => pool.run('scorePhantom', input, { label, signal }) }
      }),
    ),
  }
}
