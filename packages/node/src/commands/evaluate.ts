import { mkdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  type Assessment,
  assessCases,
  BOOTSTRAP,
  type FamilyName,
  type Manifest,
  type NamedPoint,
  NeckFracError,
  PRESETS,
  type PresetName,
  parseManifest,
  pointsOfBundle,
  readThresholds,
  rejudge,
  SOFTWARE,
  type StudyCase,
  sameThreshold,
  toEvaluationCsv,
  toEvaluationJson,
  toEvaluationPage,
  toSummary,
} from '@neckfrac/core'
import { Command, Option } from 'commander'
import { writeAtomically } from '../atomic-file.ts'
import { DEFAULT_BUNDLE } from '../bundle.ts'
import { casesOfReports } from '../data-sets/evaluation-reports.ts'
import { scorePhantoms } from '../data-sets/evaluation-set.ts'
import { casesOfTables } from '../data-sets/evaluation-tables.ts'
import { SYNTHETIC_FILE } from '../data-sets/rsna-folder.ts'
import { interruptible } from '../interrupt.ts'
import { createProgress } from '../progress.ts'
import { defaultWorkers } from '../workers.ts'
import { familiesOption, parseCount, requireTemplates, TEMPLATES } from './arguments.ts'

const DEFAULT_THRESHOLD = 0.5
const PHANTOMS = 'These studies are phantoms, not patients.'

type Options = {
  reports?: string
  data?: string
  predictions?: string
  labels?: string
  phantoms?: number
  seed: number
  preset: PresetName
  family: FamilyName[]
  templates?: string
  bundle: string
  workers: number
  out?: string
  thresholds?: string
  heldOut?: string
  synthetic?: boolean
}

/** What is evaluated, wherever it comes from. */
type Evaluated = Pick<Assessment, 'studies' | 'synthetic'> & {
  readonly cases: readonly StudyCase[]
  readonly points: readonly NamedPoint[]
  readonly manifest: Manifest | null
  /** What happened besides; printed last. */
  readonly remarks: readonly string[]
}

export const evaluateCommand = new Command('evaluate')
  .description(
    'Score answers against the truth, beside the trivial answers and published results: one report as HTML, JSON and CSV.',
  )
  .option('--reports <dir>', 'what `predict --out` wrote; needs --data')
  .option(
    '--data <dir>',
    "their truth in RSNA's layout: train.csv; also train_bounding_boxes.csv, segmentations, truth.json",
  )
  .option(
    '--predictions <csv>',
    "or: predictions in RSNA's submission format (row_id,fractured); needs --labels",
  )
  .option('--labels <csv>', "RSNA's train.csv (StudyInstanceUID,patient_overall,C1..C7)")
  .option('--phantoms <n>', 'or: so many synthetic patients of each family, made in memory', parseCount)
  .option(
    '--seed <s>',
    'seed of the first; keep away from the seeds of training and calibration',
    parseCount,
    0,
  )
  .addOption(
    new Option('--preset <name>', 'what the phantoms are like').choices(Object.keys(PRESETS)).default('rsna'),
  )
  .addOption(familiesOption())
  .option('--templates <dir>', TEMPLATES)
  .option('--bundle <dir>', 'model bundle that judges the phantoms', DEFAULT_BUNDLE)
  .option('--workers <n>', 'threads; each needs about 0.8 GB', parseCount, defaultWorkers())
  .option(
    '--out <dir>',
    'where evaluation.html, .json and .csv go; with --phantoms also cases.jsonl, from which a rerun continues',
  )
  .option(
    '--thresholds <path>',
    `bundle folder or JSON with thresholds (default: those of the reports or the bundle; ${DEFAULT_THRESHOLD} for --predictions)`,
  )
  .option('--held-out <family>', 'report first, and apart, on this family: no training saw it')
  .option(
    '--synthetic',
    `say that the studies are synthetic (also said by ${SYNTHETIC_FILE} in the data set)`,
  )
  .action((options: Options) => interruptible((signal) => run(options, signal)))

async function run(options: Options, signal: AbortSignal): Promise<void> {
  const { cases, points, manifest, studies, synthetic, remarks } = await evaluatedOf(options, signal)
  const parts = assessCases(cases, { points, heldOut: options.heldOut })
  for (const part of parts) console.log(toSummary(part, synthetic))
  for (const remark of remarks) console.log(remark)
  if (options.out === undefined) return
  const assessment: Assessment = {
    format: 'neckfrac-evaluation',
    version: 1,
    software: SOFTWARE,
    createdAt: new Date().toISOString(),
    synthetic,
    studies,
    bundle: manifest && {
      name: manifest.name,
      version: manifest.version,
      trainedOn: manifest.trainedOn,
      learnedOn: manifest.decision.learnedOn,
      networks: Object.fromEntries(Object.entries(manifest.networks).map(([name, n]) => [name, n.sha256])),
    },
    bootstrap: BOOTSTRAP,
    parts,
  }
  await mkdir(options.out, { recursive: true })
  const write = (name: string, text: string) => writeAtomically(join(options.out as string, name), text)
  await write('evaluation.html', toEvaluationPage(assessment))
  await write('evaluation.json', toEvaluationJson(assessment))
  await write('evaluation.csv', toEvaluationCsv(assessment))
  console.log(`Written: ${join(options.out, 'evaluation.html')}, .json, .csv`)
}

async function evaluatedOf(options: Options, signal: AbortSignal): Promise<Evaluated> {
  const { reports, data, predictions, labels, phantoms } = options
  const given = [reports, predictions, phantoms].filter((source) => source !== undefined)
  if (given.length !== 1)
    throw new NeckFracError('usage', 'Give one of --reports DIR, --predictions CSV and --phantoms N.')
  if (phantoms !== undefined) return ofPhantoms(options, phantoms, signal)
  if (predictions !== undefined) {
    if (labels === undefined) throw new NeckFracError('usage', '--predictions needs --labels train.csv.')
    return ofTables(options, predictions, labels)
  }
  if (data === undefined) throw new NeckFracError('usage', '--reports needs --data DIR.')
  return ofReports(options, reports as string, data)
}

async function ofPhantoms(options: Options, phantoms: number, signal: AbortSignal): Promise<Evaluated> {
  const { out, seed, preset, family: families, bundle, workers } = options
  if (out === undefined) throw new NeckFracError('usage', '--phantoms needs --out DIR, to continue from.')
  requireTemplates(families, options.templates)
  const manifest = await readManifest(bundle)
  const progress = createProgress('scoring', phantoms * families.length)
  const { cases, failures } = await scorePhantoms({
    file: join(out, 'cases.jsonl'),
    ...{ phantoms, seed, preset, families, templates: options.templates, bundle, manifest, workers, signal },
    onStudy: () => progress.step(),
  }).finally(() => progress.done())
  if (cases.length === 0)
    throw new NeckFracError('data', `No phantom could be scored. ${failures[0] ?? 'None was asked for.'}`)
  if (failures.length > 0) process.exitCode = 1
  return {
    cases: cases.map((c) => rejudge(c, manifest.decision)),
    points: options.thresholds ? await thresholdPoints(options.thresholds) : pointsOfBundle(manifest),
    manifest,
    studies: `${cases.length} phantoms, ${families.join(' and ')}, preset ${preset}, seeds ${seed} to ${seed + phantoms - 1}.`,
    synthetic: PHANTOMS,
    remarks: failures.map((f) => `Not made, hence not scored: ${f}`),
  }
}

async function ofTables(options: Options, predictions: string, labels: string): Promise<Evaluated> {
  const { cases, remarks } = casesOfTables(
    await readText(predictions),
    predictions,
    await readText(labels),
    labels,
  )
  return {
    cases,
    points: options.thresholds
      ? await thresholdPoints(options.thresholds)
      : [
          {
            name: String(DEFAULT_THRESHOLD),
            aim: 'the same everywhere',
            thresholds: sameThreshold(DEFAULT_THRESHOLD),
          },
        ],
    manifest: null,
    studies: `Predictions of ${basename(predictions)} against the labels of ${basename(labels)}, ${cases.length} studies.`,
    synthetic: await syntheticRemark(dirname(labels), options),
    remarks,
  }
}

async function ofReports(options: Options, reports: string, data: string): Promise<Evaluated> {
  const found = await casesOfReports(reports, data)
  return {
    cases: found.cases,
    points: options.thresholds ? await thresholdPoints(options.thresholds) : [found.point],
    manifest: null,
    studies: `Reports of ${basename(reports)} on the studies of ${basename(data)}, ${found.cases.length} labelled. ${found.bundles.join(', ')}.`,
    synthetic: await syntheticRemark(data, options),
    remarks: found.remarks,
  }
}

const readManifest = async (bundle: string): Promise<Manifest> =>
  parseManifest(new TextEncoder().encode(await readText(join(bundle, 'manifest.json'))))

/** Points of a bundle's folder, or the thresholds of a file. */
async function thresholdPoints(path: string): Promise<NamedPoint[]> {
  const isFolder = await stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  )
  const file = isFolder ? join(path, 'manifest.json') : path
  const text = await readText(file)
  try {
    return pointsOfBundle(parseManifest(new TextEncoder().encode(text)))
  } catch {
    // No manifest: thresholds alone, or a message that says what a file of thresholds must hold.
    return [{ name: basename(file), aim: basename(file), thresholds: readThresholds(text, file) }]
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new NeckFracError('data', `${file} cannot be read; check the path.`, { cause })
  }
}

/** What opens the report; null when the studies are not known to be synthetic. */
async function syntheticRemark(folder: string, { synthetic }: Options): Promise<string | null> {
  const remark = await readFile(join(folder, SYNTHETIC_FILE), 'utf8').catch(() => null)
  return remark !== null || synthetic ? PHANTOMS : null
}
