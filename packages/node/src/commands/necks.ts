import { NeckFracError, necksToText } from '@neckfrac/core'
import { Command } from 'commander'
import { DEFAULT_BUNDLE } from '../bundle.ts'
import { interruptible } from '../interrupt.ts'
import { createProgress, type Progress } from '../progress.ts'
import { drawReadings, measureNecks } from '../real-necks/real-necks.ts'
import { defaultWorkers } from '../workers.ts'
import { parseCount } from './arguments.ts'

type Options = {
  images: string[]
  draw?: boolean
  bundle: string
  readings?: string
  test?: boolean
  flags?: boolean
  json?: boolean
  out?: string
  workers: number
}

export const necksCommand = new Command('necks')
  .description(
    'Measure the labels of a bundle on real necks: against levels read by eye, the expert’s cord and brainstem, and anatomy’s limits.',
  )
  .requiredOption(
    '--images <path...>',
    'CT studies; beside NAME.nii.gz may lie NAME.structures.nii.gz: 1 cord, 2 brainstem',
  )
  .option('--draw', 'only draw the cuts on which levels are read, into --out')
  .option('--bundle <dir>', 'model bundle; its segmenter is enough', DEFAULT_BUNDLE)
  .option('--readings <json>', 'levels read by eye')
  .option('--test', 'score the readings of the split "test", too: once, at the end')
  .option('--flags', 'judge fractures whatever the resolution: how many of these people would be flagged')
  .option('--json', 'print the summary and each neck as JSON')
  .option('--out <dir>', 'where necks.html and necks.json go')
  .option('--workers <n>', 'threads; each needs about 0.5 GB', parseCount, defaultWorkers())
  .action((options: Options) => interruptible((signal) => run(options, signal)))

async function run(options: Options, signal: AbortSignal): Promise<void> {
  const { images, draw, bundle, readings, test = false, flags = false, json, out, workers } = options
  let progress: Progress | undefined
  const shared = {
    images,
    workers,
    signal,
    onStudies: (count: number) => {
      progress = createProgress('necks', count)
    },
    onStudy: () => progress?.step(),
  }
  try {
    if (draw) {
      if (out === undefined) throw new NeckFracError('usage', '--draw needs --out DIR.')
      const count = await drawReadings(out, shared)
      progress?.done()
      console.log(`${count} necks drawn in ${out}`)
      return
    }
    const measured = await measureNecks({ ...shared, bundle, readings, test, scores: flags, out })
    progress?.done()
    console.log(json ? JSON.stringify(measured) : necksToText(measured.summary))
  } finally {
    progress?.done()
  }
}
