import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  fitDecision,
  LEAST_DECIDING,
  LEVELS,
  NeckFracError,
  type PreparedIndex,
  parseManifest,
} from '@neckfrac/core'
import { fillFolder, writeAtomically } from '../atomic-file.ts'
import { createProgress } from '../progress.ts'
import { toCard } from './card.ts'
import { cropOutOfFold } from './crops.ts'
import { parseOutOfFoldCsv, predictOutOfFold, toOutOfFoldCsv } from './out-of-fold.ts'
import { readPreparedIndex } from './prepared.ts'
import type { Python } from './python.ts'
import { parseTrainerPlan, type Recipe, type TrainerPlan } from './recipe.ts'
import { openState, type State } from './state.ts'
import { planSteps, type Run, type Step, shippedRun } from './steps.ts'

export type TrainOptions = {
  readonly recipe: string
  readonly data: string
  readonly out: string
  readonly name?: string | undefined
  readonly version: string
  readonly minutesScale: number
  /** Trainer processes on this machine: one a GPU, or 1. */
  readonly processes: number
  /** Machines that train together, this one's number, and where the first of them listens. */
  readonly nodes: number
  readonly nodeRank: number
  readonly master: string
  readonly device?: 'cpu' | undefined
  readonly half: boolean
  /** Folder of an earlier training's segmenter, instead of training one. */
  readonly segmenter?: string | undefined
  readonly workers: number
}

/** What is going to happen in a folder, and what has happened already. */
export type Training = {
  readonly options: TrainOptions
  readonly plan: TrainerPlan
  readonly index: PreparedIndex
  readonly steps: readonly Step[]
  readonly state: State
}

/** Reads recipe, data and state. @param seconds Time to measure each network's speed; 0 does not. */
export async function openTraining(options: TrainOptions, python: Python, seconds = 0): Promise<Training> {
  const index = await readPreparedIndex(options.data)
  if (index.studies.length === 0) throw new NeckFracError('data', `${options.data} holds no prepared study.`)
  const asked = ['plan', ...recipeOf(options), '--data', options.data, ...deviceOf(options)]
  const text = await python.read([...MODULE, ...asked, '--seconds', String(seconds)], 'Reading the recipe')
  const plan = parseTrainerPlan(text.trim().split('\n').at(-1) ?? '')
  // The decision would be learned on the very family that is to be a test.
  if (plan.recipe.held_out_family !== '')
    throw new NeckFracError(
      'usage',
      `The recipe holds the family "${plan.recipe.held_out_family}" out. Leave it out of --data instead and evaluate on it afterwards.`,
    )
  for (const fold of plan.recipe.folds)
    if (!index.studies.some((e) => e.fold === fold))
      throw new NeckFracError(
        'data',
        `The recipe holds fold ${fold} out; ${options.data} has no study in it (folds: ${index.folds}).`,
      )
  requireDeciding(plan.recipe, index, options.data)
  const name = options.name ?? plan.recipe.name
  const segmenterHash = options.segmenter === undefined ? undefined : await hashOfWeights(options.segmenter)
  const steps = planSteps(plan.recipe, index.studies, { ...options, name, segmenterHash })
  return { options: { ...options, name }, plan, index, steps, state: await openState(options.out) }
}

/** Hours of training must not end where the labels already say that nothing can be decided. */
function requireDeciding({ folds }: Recipe, index: PreparedIndex, data: string): void {
  const heldOut = index.studies.filter((e) => folds.includes(e.fold))
  const fractured = heldOut.reduce((sum, e) => sum + LEVELS.filter((l) => e.fractured[l] === 1).length, 0)
  const intact = LEVELS.length * heldOut.length - fractured
  if (Math.min(fractured, intact) >= LEAST_DECIDING) return
  throw new NeckFracError(
    'data',
    `The decision is learned on the held-out studies (fold ${folds.join(', ')} of ${index.folds}): in ${data} these are ${heldOut.length}, with ${fractured} fractured and ${intact} intact vertebrae, and it needs ${LEAST_DECIDING} of each. Prepare more studies, or anew with fewer --folds.`,
  )
}

async function hashOfWeights(folder: string): Promise<string> {
  const [weights] = await Promise.all(
    ['weights.pt', 'run.json'].map((file) =>
      readFile(join(folder, file)).catch((cause: unknown) => {
        throw new NeckFracError('data', `--segmenter ${folder} holds no ${file} of a finished training.`, {
          cause,
        })
      }),
    ),
  )
  return createHash('sha256').update(weights).digest('hex')
}

const MODULE = ['-m', 'neckfrac_training'] as const
const recipeOf = ({ recipe }: TrainOptions) => [
  '--recipe',
  recipe.endsWith('.toml') ? resolve(recipe) : recipe,
]
const deviceOf = ({ device }: TrainOptions) => (device ? ['--device', device] : [])

/** How often a further machine looks whether the first one has come to the next training. */
const POLL_MS = 2000

/** Takes every step that is not done; what each says about itself goes to `log`. */
export async function train(
  training: Training,
  python: Python,
  log: (line: string) => void,
  signal: AbortSignal,
) {
  const { options, steps } = training
  await mkdir(options.out, { recursive: true })
  for (const [n, step] of steps.entries()) {
    const head = `[${n + 1}/${steps.length}] ${step.title}`
    signal.throwIfAborted()
    if (options.nodeRank > 0) {
      await follow(step, training, python, signal)
      continue
    }
    const { state } = training
    if (state.isDone(step)) {
      log(`${head}: done`)
      continue
    }
    const again = state.isBegun(step)
    log(again ? `${head}: continues` : head)
    await state.begin(step)
    const start = performance.now()
    const facts = await takeStep(step, again, training, python, signal)
    await state.finish(step, (performance.now() - start) / 60_000, facts)
    const said = describeFacts(step, facts)
    if (said) log(said)
    if (step.work.kind === 'train') await drawCurves(training, python)
  }
}

/** A further machine takes part in the trainings alone; the first one does the rest, in the same folder. */
async function follow(step: Step, training: Training, python: Python, signal: AbortSignal): Promise<void> {
  const { options } = training
  for (;;) {
    const state = await openState(options.out)
    if (state.isDone(step)) return
    if (step.work.kind === 'train' && state.isBegun(step)) break
    await sleep(POLL_MS, undefined, { signal })
  }
  await takeStep(step, true, training, python, signal)
}

type Facts = Readonly<Record<string, unknown>>

/** What a step found that its reader should know; hours of training follow. */
function describeFacts({ work }: Step, facts: Facts): string | null {
  if (work.kind === 'crops') {
    const { labelled, withoutCrops, failed } = facts
    const unread = Array.isArray(failed) ? failed.length : 0
    return `${labelled} studies labelled, ${unread} failed; ${withoutCrops} studies in all without a vertebra to learn from`
  }
  if (work.kind === 'out-of-fold') return `${facts.studies} of ${facts.heldOut} held-out studies predicted`
  return null
}

async function takeStep(
  step: Step,
  again: boolean,
  training: Training,
  python: Python,
  signal: AbortSignal,
): Promise<Facts> {
  const { work } = step
  switch (work.kind) {
    case 'train':
      return trainNetwork(work, again, training, python)
    case 'take-segmenter':
      return takeSegmenter(work.run, training)
    case 'export-segmenter':
      return exportTo(
        join(folderOf(training, work.run), 'labeller'),
        work.run,
        ['segmenter'],
        training,
        python,
      )
    case 'export':
      return exportTo(
        bundleOf(training, work.run),
        work.run,
        ['segmenter', 'slices', 'sequence'],
        training,
        python,
      )
    case 'crops':
      return crop(again, training, signal)
    case 'out-of-fold':
      return predictHeldOut(training, signal)
    case 'decision':
      return decide(training)
    case 'bundle':
      return assemble(training)
  }
}

const folderOf = ({ options }: Training, run: Run) => join(options.out, run.id)
const bundleOf = (training: Training, run: Run) => join(folderOf(training, run), 'bundle')
/** The data set that Models I and II read: the prepared one, or the one with crops of the segmenters. */
const cropsOf = ({ options, steps }: Training) =>
  steps.some((s) => s.id === 'crops') ? join(options.out, 'crops') : options.data

async function trainNetwork(
  { run, network }: Extract<Step['work'], { kind: 'train' }>,
  again: boolean,
  training: Training,
  python: Python,
): Promise<Facts> {
  const { options } = training
  const { processes, nodes, nodeRank, master } = options
  const [address, port] = master.split(':')
  const several = processes > 1 || nodes > 1
  const where =
    nodes > 1
      ? [
          '--nnodes',
          `${nodes}`,
          '--node-rank',
          `${nodeRank}`,
          '--master-addr',
          address,
          '--master-port',
          port,
        ]
      : ['--standalone']
  const torchrun = several
    ? ['-m', 'torch.distributed.run', ...where, '--nproc-per-node', `${processes}`]
    : []
  const data = network === 'segmenter' ? options.data : cropsOf(training)
  const asked = [
    ...['train', network, ...recipeOf(options), '--data', data, '--out', folderOf(training, run)],
    ...['--fold', `${run.fold}`, '--minutes-scale', `${options.minutesScale}`, ...deviceOf(options)],
    ...(again ? ['--resume'] : []),
  ]
  await python.run([...torchrun, ...MODULE, ...asked], `Training the ${network} (${run.id})`)
  return {}
}

async function takeSegmenter(run: Run, training: Training): Promise<Facts> {
  const from = training.options.segmenter ?? ''
  await cp(from, join(folderOf(training, run), 'segmenter'), { recursive: true })
  return { from }
}

const isSynthetic = ({ studies }: PreparedIndex): boolean => studies.every((e) => e.origin === 'phantom')

async function drawCurves({ options, index }: Training, python: Python): Promise<void> {
  const title = `Training curves of ${options.name}${isSynthetic(index) ? ', synthetic studies only' : ''}`
  await python.read([...MODULE, 'curves', '--run', options.out, '--title', title], 'Drawing the curves')
}

async function exportTo(
  bundle: string,
  run: Run,
  networks: readonly string[],
  training: Training,
  python: Python,
): Promise<Facts> {
  const { name, version, half } = training.options
  await rm(bundle, { recursive: true, force: true })
  const asked = [
    '--run',
    folderOf(training, run),
    '--bundle',
    bundle,
    '--name',
    name ?? '',
    '--version',
    version,
  ]
  await python.read(
    [...MODULE, 'export', ...asked, '--networks', ...networks, ...(half ? ['--half'] : [])],
    `Exporting ${run.id}`,
  )
  return {}
}

async function crop(again: boolean, training: Training, signal: AbortSignal): Promise<Facts> {
  const { options, plan, index } = training
  const out = join(options.out, 'crops')
  if (!again) await rm(out, { recursive: true, force: true })
  const progress = createProgress('crops', 1)
  try {
    return await cropOutOfFold(plan.recipe, index, {
      data: options.data,
      out,
      workers: options.workers,
      labellerOf: (fold) => resolve(options.out, `fold-${fold}`, 'labeller'),
      signal,
      onStudy: (done, total) => progress.update(done / total),
    })
  } finally {
    progress.done()
  }
}

async function predictHeldOut(training: Training, signal: AbortSignal): Promise<Facts> {
  const { options, plan, index } = training
  const root = cropsOf(training)
  const progress = createProgress('out of fold', 1)
  try {
    const studies = await predictOutOfFold((await readPreparedIndex(root)).studies, {
      root,
      folds: plan.recipe.folds,
      bundleOf: (fold) => resolve(options.out, `fold-${fold}`, 'bundle'),
      workers: options.workers,
      signal,
      onStudy: (done, total) => progress.update(done / total),
    })
    await writeAtomically(join(options.out, 'out-of-fold.csv'), toOutOfFoldCsv(studies))
    const heldOut = index.studies.filter((e) => plan.recipe.folds.includes(e.fold)).length
    return { studies: studies.length, heldOut }
  } finally {
    progress.done()
  }
}

async function decide({ options, plan, index }: Training): Promise<Facts> {
  const studies = parseOutOfFoldCsv(await readFile(join(options.out, 'out-of-fold.csv'), 'utf8'))
  const synthetic = isSynthetic(index) ? 'synthetic ' : ''
  const folds = plan.recipe.folds
  const learnedOn = `out-of-fold predictions of ${studies.length} ${synthetic}studies (fold${folds.length > 1 ? 's' : ''} ${folds.join(', ')} of ${index.folds})`
  const decision = fitDecision(studies, learnedOn)
  await writeAtomically(join(options.out, 'decision.json'), `${JSON.stringify(decision, null, 1)}\n`)
  return {}
}

async function assemble(training: Training): Promise<Facts> {
  const { options, plan, state } = training
  const from = bundleOf(training, shippedRun(plan.recipe))
  const decision: unknown = JSON.parse(await readFile(join(options.out, 'decision.json'), 'utf8'))
  const given: unknown = JSON.parse(await readFile(join(from, 'manifest.json'), 'utf8'))
  const manifest = { ...(given as Record<string, unknown>), decision }
  const bytes = new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`)
  const studies = parseOutOfFoldCsv(await readFile(join(options.out, 'out-of-fold.csv'), 'utf8'))
  const card = toCard({ manifest: parseManifest(bytes), training, studies, crops: state.facts('crops') })
  await fillFolder(join(options.out, 'bundle'), async (folder) => {
    await cp(from, folder, { recursive: true })
    await writeFile(join(folder, 'manifest.json'), bytes)
    await writeFile(join(folder, 'MODEL_CARD.md'), card)
  })
  return {}
}
