import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import {
  type FamilyName,
  fitDecision,
  type LabelledStudy,
  NeckFracError,
  PRESETS,
  type PresetName,
  parseManifest,
} from '@neckfrac/core'
import { Command, Option } from 'commander'
import { writeAtomically } from '../atomic-file.ts'
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
  readonly seed?: number
  readonly preset: PresetName
  readonly family: readonly FamilyName[]
  readonly templates?: string
  readonly workers: number
}

export const calibrateCommand = new Command('calibrate')
  .description(
    'Learn ensemble weight, calibration and the operating points of a bundle on studies that its networks did not see.',
  )
  .requiredOption('--bundle <dir>', 'bundle whose manifest.json gets the new decision')
  .option('--rsna <dir>', "labelled studies in RSNA's layout: train.csv, train_images")
  .option('--phantoms <n>', 'instead: so many synthetic patients of each family, made on the fly', parseCount)
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
    const decision = fitDecision(studies.flat(), learnedOn)
    await writeAtomically(path, `${JSON.stringify({ ...manifest, decision }, null, 2)}\n`)
    console.log(JSON.stringify(decision, null, 2))
  } finally {
    progress.done()
    await pool.dispose()
  }
}

/** The studies to score, and how the manifest will call them. */
async function jobsOf(options: Options): Promise<{ jobs: Job[]; name: string }> {
  const { bundle, rsna, phantoms, seed, preset, family: families } = options
  if ((rsna === undefined) === (phantoms === undefined))
    throw new NeckFracError('usage', 'give either --rsna DIR or --phantoms N')
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
