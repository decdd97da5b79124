import { readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  evaluate,
  NeckFracError,
  readLabels,
  readPredictions,
  readThresholds,
  sameThreshold,
  toEvaluationTable,
} from '@neckfrac/core'
import { Command } from 'commander'

const DEFAULT_THRESHOLD = 0.5
/** Written beside train.csv by `neckfrac phantom`. */
const SYNTHETIC_FILE = 'SYNTHETIC.txt'

type Options = {
  predictions: string
  labels: string
  thresholds?: string
  json?: string
  synthetic?: boolean
}

export const evaluateCommand = new Command('evaluate')
  .description(
    'Score predictions against labels, per vertebra and per patient, beside the trivial baselines.',
  )
  .requiredOption('--predictions <csv>', "predictions in RSNA's submission format (row_id,fractured)")
  .requiredOption('--labels <csv>', "RSNA's train.csv (StudyInstanceUID,patient_overall,C1..C7)")
  .option(
    '--thresholds <path>',
    `bundle folder or JSON with thresholds (default: ${DEFAULT_THRESHOLD} everywhere)`,
  )
  .option(
    '--synthetic',
    `say that the studies are synthetic (also said by ${SYNTHETIC_FILE} beside the labels)`,
  )
  .option('--json <file>', 'also write everything as JSON')
  .action(async (options: Options) => {
    const predictions = readPredictions(await readText(options.predictions), options.predictions)
    const labels = readLabels(await readText(options.labels), options.labels)
    const thresholds = options.thresholds
      ? readThresholds(...(await thresholdsFile(options.thresholds)))
      : sameThreshold(DEFAULT_THRESHOLD)
    const evaluation = evaluate(predictions, labels, thresholds)
    const synthetic = await syntheticRemark(options)
    console.log(toEvaluationTable(evaluation, { synthetic }))
    if (options.json) {
      const facts = {
        synthetic,
        predictions: basename(options.predictions),
        labels: basename(options.labels),
        ...evaluation,
      }
      await writeFile(options.json, `${JSON.stringify(facts, null, 2)}\n`)
      console.log(`Written: ${options.json}`)
    }
  })

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new NeckFracError('data', `${file} cannot be read; check the path.`, { cause })
  }
}

/** Text and name of the file that holds the thresholds: the manifest of a bundle's folder, or the file itself. */
async function thresholdsFile(path: string): Promise<[text: string, file: string]> {
  const isFolder = await stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  )
  const file = isFolder ? join(path, 'manifest.json') : path
  return [await readText(file), file]
}

/** The remark that opens the table; null when the studies are not known to be synthetic. */
async function syntheticRemark({ labels, synthetic }: Options): Promise<string | null> {
  const remark = await readFile(join(dirname(labels), SYNTHETIC_FILE), 'utf8').catch(() => null)
  if (remark !== null) return remark.trim().split('\n')[0] || 'these studies are phantoms, not patients.'
  return synthetic ? 'these studies are phantoms, not patients.' : null
}
