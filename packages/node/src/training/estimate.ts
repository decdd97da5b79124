import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { NETWORK_NAMES, type NetworkName, type PreparedEntry } from '@neckfrac/core'
import type { Machine, NetworkRecipe } from './recipe.ts'
import { runsOf, type Step, toLabel } from './steps.ts'
import type { Training } from './train.ts'

/** CPU seconds to read or make, label and crop a study on one core (bench/README: 0.88; docs/decisions/0004: 5.0, and 0.5 to label it). */
const CROP_SECONDS = { dicom: 0.9, phantom: 5.5 } as const
/** CPU seconds to judge one vertebra, 24 slices by both networks at 208 slices a second (docs/decisions/0005). */
const JUDGE_SECONDS = 0.25
/** Seconds to trace one network and to check its file, measured with the compact recipe. */
const EXPORT_SECONDS = 10
/** Crops of a study where the data set has none to measure: seven vertebrae of 24 x (128 x 128 x 2 + 16 x 16) bytes. */
const CROP_BYTES = 7 * 24 * (2 * 128 * 128 + 16 * 16)
/** Weights in a checkpoint: the network, its running mean and AdamW's two moments; and the exported ones, twice. */
const COPIES = 6
const BYTES_PER_WEIGHT = 4

export type StepEstimate = {
  readonly step: Step
  readonly done: boolean
  /** null where nothing is known: measure on a machine that has the data. */
  readonly minutes: number | null
  readonly samples: number | null
}

export type Estimate = {
  readonly steps: readonly StepEstimate[]
  readonly inputBytes: { readonly segmenter: number; readonly crops: number }
  readonly diskBytes: number
}

/** Sizes and times of what a training will do on a machine. */
export async function estimate(training: Training, machine: Machine): Promise<Estimate> {
  const { options, plan, index, steps, state } = training
  const labelled = toLabel(plan.recipe, index.studies)
  const known = index.studies.filter((e) => e.crops)
  const sizes = await sizesOf(options.data, index.studies)
  const cropBytes = known.length > 0 ? sizes.crops / known.length : CROP_BYTES
  const heldOut = index.studies.filter((e) => plan.recipe.folds.includes(e.fold))

  const of = (step: Step): Omit<StepEstimate, 'step' | 'done'> => {
    const { work } = step
    switch (work.kind) {
      case 'train':
        return trainingOf(plan.recipe[work.network], machine.networks[work.network].samplesPerSecond, options)
      case 'crops': {
        const seconds = labelled.reduce((sum, e) => sum + CROP_SECONDS[e.origin], 0)
        return { minutes: seconds / options.workers / 60, samples: labelled.length }
      }
      case 'out-of-fold': {
        const vertebrae = heldOut.reduce((sum, e) => sum + (e.crops?.levels.length ?? 7), 0)
        return { minutes: (vertebrae * JUDGE_SECONDS) / options.workers / 60, samples: vertebrae }
      }
      case 'export':
        return { minutes: (NETWORK_NAMES.length * EXPORT_SECONDS) / 60, samples: null }
      case 'export-segmenter':
        return { minutes: EXPORT_SECONDS / 60, samples: null }
      default:
        return { minutes: 0, samples: null }
    }
  }
  const weights = NETWORK_NAMES.reduce((sum, name: NetworkName) => sum + machine.networks[name].weights, 0)
  return {
    steps: steps.map((step) => {
      const done = state.isDone(step)
      return { step, done, ...(done ? { minutes: state.minutes(step), samples: null } : of(step)) }
    }),
    inputBytes: { segmenter: sizes.segment, crops: sizes.crops },
    diskBytes:
      labelled.length * (cropBytes + sizes.segment / index.studies.length) +
      runsOf(plan.recipe).length * weights * COPIES * BYTES_PER_WEIGHT,
  }
}

/** Minutes and samples of one training: from its time limit, or from its epochs and the speed measured here. */
export function trainingOf(
  { minutes, epochs, steps_per_epoch: stepsPerEpoch, batch }: NetworkRecipe,
  samplesPerSecond: number | null,
  { minutesScale, processes, nodes }: { minutesScale: number; processes: number; nodes: number },
): { minutes: number | null; samples: number | null } {
  const perMinute = samplesPerSecond === null ? null : samplesPerSecond * 60 * processes * nodes
  const counted =
    Math.max(1, Math.round(epochs * (minutes > 0 ? 1 : minutesScale))) *
    stepsPerEpoch *
    batch *
    processes *
    nodes
  if (minutes > 0) {
    const limit = minutes * minutesScale
    if (perMinute === null) return { minutes: limit, samples: null }
    // Whichever ends first.
    return { minutes: Math.min(limit, counted / perMinute), samples: Math.min(limit * perMinute, counted) }
  }
  return { minutes: perMinute === null ? null : counted / perMinute, samples: counted }
}

/** Bytes of the arrays that the segmenter reads, and of those that Models I and II read. */
async function sizesOf(root: string, entries: readonly PreparedEntry[]) {
  const size = async (path: string | null | undefined) =>
    path ? ((await stat(join(root, path)).catch(() => null))?.size ?? 0) : 0
  let [segment, crops] = [0, 0]
  for (const entry of entries) {
    segment += (await size(entry.segment?.image)) + (await size(entry.segment?.label))
    crops +=
      (await size(entry.crops?.image)) + (await size(entry.crops?.mask)) + (await size(entry.crops?.heat))
  }
  return { segment, crops }
}

/** What --dry-run prints. */
export function describeEstimate(
  { options, plan, index }: Training,
  machine: Machine,
  { steps, inputBytes, diskBytes }: Estimate,
): string {
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
  const cell = (text: string, width: number) => text.padStart(width)
  const fractured = index.studies.filter((e) => e.patientOverall === 1).length
  const width = Math.max(...steps.map((s) => s.step.title.length))
  const rows = steps.map(({ step, done, minutes, samples }, n) => {
    const time = minutes === null ? '?' : minutes < 0.05 ? '<0.1' : minutes.toFixed(1)
    const count = samples === null ? '' : Math.round(samples).toLocaleString('en')
    return `${cell(`${n + 1}`, 3)}  ${step.title.padEnd(width)}  ${cell(time, 8)}  ${cell(count, 12)}  ${done ? 'done' : ''}`
  })
  const left = steps.filter((s) => !s.done)
  const unknown = left.some((s) => s.minutes === null)
  const total = left.reduce((sum, s) => sum + (s.minutes ?? 0), 0)
  const speeds = NETWORK_NAMES.map(
    (name) => `${name} ${machine.networks[name].samplesPerSecond ?? 'not measured'}`,
  )
  return [
    `Recipe ${plan.recipe.name}, data ${options.data}, out ${options.out}`,
    `${index.studies.length} studies, ${fractured} with a fracture; folds held out: ${plan.recipe.folds.join(', ')} of ${index.folds}; ships: ${plan.recipe.ship}; masks: ${plan.recipe.masks}`,
    `${machine.devices} x ${machine.device}, ${options.nodes} machine${options.nodes > 1 ? 's' : ''} x ${options.processes} process${options.processes > 1 ? 'es' : ''}, ${options.workers} threads`,
    `Reads ${gb(inputBytes.segmenter)} for the segmenter and ${gb(inputBytes.crops)} of crops as prepared; writes about ${gb(diskBytes)}`,
    `Samples a second of one process, measured now: ${speeds.join(', ')}`,
    '',
    `${cell('', 3)}  ${'step'.padEnd(width)}  ${cell('minutes', 8)}  ${cell('samples', 12)}`,
    ...rows,
    '',
    `${left.length} of ${steps.length} steps left: about ${total < 90 ? `${total.toFixed(1)} minutes` : `${(total / 60).toFixed(1)} hours`}${unknown ? ' and the steps marked ?' : ''}. Nothing was started.`,
  ].join('\n')
}
