import { type FamilyName, NeckFracError, PRESETS, type PresetName } from '@neckfrac/core'
import { Command, Option } from 'commander'
import { writePhantomSet } from '../data-sets/phantom-set.ts'
import { interruptible } from '../interrupt.ts'
import { createProgress } from '../progress.ts'
import { defaultWorkers } from '../workers.ts'
import { familyOption, parseCount, requireTemplates, TEMPLATES } from './arguments.ts'
import { type GalleryOptions, writeGallery } from './gallery.ts'

export const phantomCommand = new Command('phantom')
  .description(
    'Write synthetic patients in the layout of the RSNA 2022 cervical-spine data set. A rerun continues.',
  )
  .option('--out <dir>', 'new or empty folder, or a phantom data set to continue')
  .option('--studies <n>', 'how many patients', parseCount)
  .option('--seed <n>', 'seed of the first patient; the next have the next numbers', parseCount, 0)
  .option('--gallery <dir>', 'instead: pictures of every fracture type and of what only looks like one')
  .option('--types <names...>', 'pictures of these alone, for example dens-ii healed-line')
  .addOption(new Option('--preset <name>', 'what to make').choices(Object.keys(PRESETS)).default('rsna'))
  .addOption(familyOption())
  .option('--templates <dir>', TEMPLATES)
  .option('--workers <n>', 'threads; each needs about 0.6 GB', parseCount, defaultWorkers())
  .action(
    async (options: {
      out?: string
      studies?: number
      gallery?: string
      types?: string[]
      seed: number
      preset: PresetName
      family: FamilyName
      templates?: string
      workers: number
    }) => {
      requireTemplates([options.family], options.templates)
      const { out, studies, gallery } = options
      if (gallery !== undefined) return drawGallery({ ...options, gallery })
      if (out === undefined || studies === undefined)
        throw new NeckFracError('usage', 'give --out DIR and --studies N, or --gallery DIR')
      const progress = createProgress('phantoms', studies)
      const failures = await interruptible((signal) =>
        writePhantomSet({ ...options, out, studies, signal, onStudy: () => progress.step() }),
      ).finally(() => progress.done())
      for (const failure of failures) console.error(failure)
      console.log(`${studies - failures.length} of ${studies} synthetic studies in ${out}`)
      if (failures.length > 0) process.exitCode = 1
    },
  )

async function drawGallery(options: GalleryOptions): Promise<void> {
  const progress = createProgress('gallery', 1)
  const files = await interruptible((signal) =>
    writeGallery({ ...options, signal, onRow: (done, total) => progress.update(done / total) }),
  ).finally(() => progress.done())
  for (const file of files) console.log(file)
}
