import { type FamilyName, PRESETS, type PresetName } from '@neckfrac/core'
import { Command, Option } from 'commander'
import { writePhantomSet } from '../data-sets/phantom-set.ts'
import { interruptible } from '../interrupt.ts'
import { createProgress } from '../progress.ts'
import { defaultWorkers } from '../workers.ts'
import { familyOption, parseCount, requireTemplates, TEMPLATES } from './arguments.ts'

export const phantomCommand = new Command('phantom')
  .description(
    'Write synthetic patients in the layout of the RSNA 2022 cervical-spine data set. A rerun continues.',
  )
  .requiredOption('--out <dir>', 'new or empty folder, or a phantom data set to continue')
  .requiredOption('--studies <n>', 'how many patients', parseCount)
  .requiredOption('--seed <n>', 'seed of the first patient; the next have the next numbers', parseCount)
  .addOption(new Option('--preset <name>', 'what to make').choices(Object.keys(PRESETS)).default('rsna'))
  .addOption(familyOption())
  .option('--templates <dir>', TEMPLATES)
  .option('--workers <n>', 'threads; each needs about 0.6 GB', parseCount, defaultWorkers())
  .action(
    async (options: {
      out: string
      studies: number
      seed: number
      preset: PresetName
      family: FamilyName
      templates?: string
      workers: number
    }) => {
      requireTemplates(options)
      const progress = createProgress('phantoms', options.studies)
      const failures = await interruptible((signal) =>
        writePhantomSet({ ...options, signal, onStudy: () => progress.step() }),
      ).finally(() => progress.done())
      for (const failure of failures) console.error(failure)
      console.log(
        `${options.studies - failures.length} of ${options.studies} synthetic studies in ${options.out}`,
      )
      if (failures.length > 0) process.exitCode = 1
    },
  )
