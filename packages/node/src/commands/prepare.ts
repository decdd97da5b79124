import {
  FAMILIES,
  type FamilyName,
  NeckFracError,
  PRESETS,
  type PreparedEntry,
  type PresetName,
  SCHEMATIC,
} from '@neckfrac/core'
import { Command, Option } from 'commander'
import { type PrepareSource, prepareSet } from '../data-sets/prepared-set.ts'
import { interruptible } from '../interrupt.ts'
import { createProgress } from '../progress.ts'
import { defaultWorkers } from '../workers.ts'
import { parseCount, requireTemplates, TEMPLATES } from './arguments.ts'

type Options = {
  readonly out: string
  readonly rsna?: string
  readonly bundle?: string
  readonly phantoms?: number
  readonly seed: number
  readonly preset: PresetName
  readonly family: FamilyName | typeof SCHEMATIC
  readonly templates?: string
  readonly workers: number
  readonly folds: number
}

/** Studies with the same note that are still named one by one. */
const MANY = 5

export const prepareCommand = new Command('prepare')
  .description(
    'Turn studies into the arrays that training reads. A rerun continues where the last one stopped.',
  )
  .requiredOption('--out <dir>', 'where the prepared data set goes')
  .option('--rsna <dir>', "a data set in RSNA's layout: train.csv, train_images, segmentations")
  .option(
    '--bundle <dir>',
    'model bundle that labels the vertebrae to crop: of studies without a mask, and of synthetic patients',
  )
  .option('--phantoms <n>', 'instead: synthetic patients, made on the fly', parseCount)
  .option('--seed <n>', 'seed of the first synthetic patient', parseCount, 0)
  .addOption(
    new Option('--preset <name>', 'which synthetic patients').choices(Object.keys(PRESETS)).default('train'),
  )
  .addOption(
    new Option('--family <name>', 'generator of synthetic patients; schematic: for the segmenter alone')
      .choices([...FAMILIES, SCHEMATIC])
      .default('parametric'),
  )
  .option('--templates <dir>', TEMPLATES)
  .option('--workers <n>', 'threads; each needs about 0.6 GB', parseCount, defaultWorkers())
  .option('--folds <n>', 'folds of the cross-validation', parseCount, 5)
  .action(async (options: Options) => {
    const source = sourceOf(options)
    const progress = createProgress('prepare', 1)
    const { prepared, failed } = await interruptible((signal) =>
      prepareSet(source, { ...options, signal, onStudy: (done, total) => progress.update(done / total) }),
    ).finally(() => progress.done())
    for (const line of describeNotes(prepared)) console.error(line)
    for (const { reason } of failed) console.error(`failed: ${reason}`)
    console.log(`${prepared.length} studies prepared in ${options.out}, ${failed.length} failed`)
    if (failed.length > 0) process.exitCode = 1
  })

/** A line a note and study; one line for all where many have the same: index.json names them. */
export function describeNotes(prepared: readonly Pick<PreparedEntry, 'uid' | 'notes'>[]): string[] {
  const noted = prepared.flatMap(({ uid, notes }) => notes.map((note) => ({ uid, note })))
  return [...Map.groupBy(noted, ({ note }) => note)].flatMap(([note, own]) =>
    own.length > MANY ? [`${own.length} studies: ${note}`] : own.map(({ uid }) => `${uid}: ${note}`),
  )
}

function sourceOf(options: Options): PrepareSource {
  const { rsna, bundle, phantoms, seed, preset, family, templates, folds } = options
  if (folds < 1) throw new NeckFracError('usage', '--folds must be at least 1')
  if ((rsna === undefined) === (phantoms === undefined))
    throw new NeckFracError('usage', 'give either --rsna DIR or --phantoms N')
  if (rsna !== undefined) return { kind: 'rsna', folder: rsna, bundle }
  if (family === SCHEMATIC) {
    if (templates === undefined) throw new NeckFracError('usage', '--family schematic needs --templates DIR')
    if (bundle !== undefined)
      throw new NeckFracError('usage', '--bundle does not go with --family schematic: it has no crops')
    return { kind: 'schematic', studies: phantoms ?? 0, seed, templates }
  }
  requireTemplates([family], templates)
  return { kind: 'phantoms', studies: phantoms ?? 0, seed, preset, family, templates, bundle }
}
