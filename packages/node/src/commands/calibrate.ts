import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fitDecision, type LabelledStudy, PRESETS, type PresetName, parseManifest } from '@neckfrac/core'
import { Command, Option } from 'commander'
import { writeAtomically } from '../atomic-file.ts'
import type * as worker from '../data-sets/score-worker.ts'
import { interruptible } from '../interrupt.ts'
import { createPool } from '../pool.ts'
import { createProgress } from '../progress.ts'
import { defaultWorkers } from '../workers.ts'
import { parseCount } from './arguments.ts'

type Options = { bundle: string; phantoms: number; seed: number; preset: PresetName; workers: number }

export const calibrateCommand = new Command('calibrate')
  .description(
    'Learn ensemble weight, calibration and F2 thresholds of a bundle on phantoms that its networks did not see.',
  )
  .requiredOption('--bundle <dir>', 'bundle whose manifest.json gets the new decision')
  .requiredOption('--phantoms <n>', 'how many studies', parseCount)
  .requiredOption(
    '--seed <s>',
    'seed of the first; the others follow. Keep away from the seeds of the training',
    parseCount,
  )
  .addOption(
    new Option('--preset <name>', 'what the phantoms are like').choices(Object.keys(PRESETS)).default('tune'),
  )
  .option('--workers <w>', 'threads', parseCount, defaultWorkers())
  .action((options: Options) => interruptible((signal) => calibrate(options, signal)))

async function calibrate({ bundle, phantoms, seed, preset, workers }: Options, signal: AbortSignal) {
  const path = join(bundle, 'manifest.json')
  const manifest = parseManifest(await readFile(path))
  const pool = createPool<typeof worker>(new URL('../data-sets/score-worker.ts', import.meta.url), workers)
  const progress = createProgress('scoring', phantoms)
  try {
    const studies: LabelledStudy[] = await Promise.all(
      Array.from({ length: phantoms }, async (_, n) => {
        const input = { seed: seed + n, preset, bundle }
        const study = await pool.run('scorePhantom', input, { label: `seed ${seed + n}`, signal })
        progress.step()
        return study
      }),
    )
    const learnedOn = `${phantoms} synthetic studies, preset ${preset}, seeds ${seed} to ${seed + phantoms - 1}`
    const decision = fitDecision(studies, learnedOn)
    await writeAtomically(path, `${JSON.stringify({ ...manifest, decision }, null, 2)}\n`)
    console.log(JSON.stringify(decision, null, 2))
  } finally {
    progress.done()
    await pool.dispose()
  }
}
