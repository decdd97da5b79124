import { createHash } from 'node:crypto'
import { NETWORK_NAMES, type NetworkName, type PreparedEntry, SCHEMATIC, SOFTWARE } from '@neckfrac/core'
import type { Recipe } from './recipe.ts'

/** One training of the three networks: a fold's, or the one on all studies that ships. */
export type Run = { readonly id: string /** Held-out fold; -1 when nothing is. */; readonly fold: number }

type Work =
  | { readonly kind: 'train'; readonly run: Run; readonly network: NetworkName }
  /** An earlier training's segmenter stands in for one of its own. */
  | { readonly kind: 'take-segmenter'; readonly run: Run }
  /** Only the segmenter, to label studies with. */
  | { readonly kind: 'export-segmenter'; readonly run: Run }
  | { readonly kind: 'crops' }
  | { readonly kind: 'export'; readonly run: Run }
  | { readonly kind: 'out-of-fold' | 'decision' | 'bundle' }

/** One step of a training. It is done when the state holds its hash, which follows from everything it depends on. */
export type Step = {
  readonly id: string
  readonly title: string
  readonly work: Work
  readonly hash: string
}

export type StepOptions = {
  readonly name: string
  readonly version: string
  readonly minutesScale: number
  readonly half: boolean
  /** SHA-256 of the weights of a segmenter that is given; absent: one is trained. */
  readonly segmenterHash?: string | undefined
}

/** Runs of a recipe, the one that ships first or last: `shippedRun` says which. */
export function runsOf(recipe: Recipe): Run[] {
  const folds = recipe.folds.map((fold) => ({ id: `fold-${fold}`, fold }))
  return recipe.ship === 'all' ? [...folds, { id: 'all', fold: -1 }] : folds
}

export const shippedRun = (recipe: Recipe): Run =>
  recipe.ship === 'all' ? { id: 'all', fold: -1 } : { id: `fold-${recipe.folds[0]}`, fold: recipe.folds[0] }

/** Studies whose vertebrae the fold's segmenter has to label. */
export const toLabel = (recipe: Recipe, entries: readonly PreparedEntry[]): PreparedEntry[] =>
  entries.filter(
    (e) => (recipe.masks === 'predicted' && e.truth?.family !== SCHEMATIC) || e.segment?.label == null,
  )

/** Everything that happens, in order. The same inputs give the same hashes. */
export function planSteps(
  recipe: Recipe,
  entries: readonly PreparedEntry[],
  { name, version, minutesScale, half, segmenterHash }: StepOptions,
): Step[] {
  const steps = new Map<string, Step>()
  const add = (id: string, title: string, work: Work, needs: readonly string[], config: unknown) => {
    const parts = [SOFTWARE.version, id, config, needs.map((need) => steps.get(need)?.hash)]
    steps.set(id, { id, title, work, hash: hashOf(parts) })
  }
  const data = hashOf(
    entries.map((e) => [
      ...[e.uid, e.origin, e.fold, e.sourceHash, e.fractured],
      ...[e.segment?.label != null, e.crops?.levels],
    ]),
  )
  const runs = runsOf(recipe)
  const heldOut = runs.filter((run) => run.fold >= 0)
  const train = (run: Run, network: NetworkName, needs: readonly string[]) => {
    const config = { data, minutesScale, seed: recipe.seed, fold: run.fold, own: recipe[network] }
    add(
      `${run.id}/${network}`,
      `train the ${network}, ${nameOf(run)}`,
      { kind: 'train', run, network },
      needs,
      config,
    )
  }

  for (const run of runs)
    if (segmenterHash === undefined) train(run, 'segmenter', [])
    else
      add(
        `${run.id}/segmenter`,
        `take the given segmenter, ${nameOf(run)}`,
        { kind: 'take-segmenter', run },
        [],
        segmenterHash,
      )
  const labelled = toLabel(recipe, entries)
  if (labelled.length > 0) {
    for (const run of heldOut) {
      const id = `${run.id}/labeller`
      add(
        id,
        `export the segmenter, ${nameOf(run)}`,
        { kind: 'export-segmenter', run },
        [`${run.id}/segmenter`],
        half,
      )
    }
    const title = `label ${labelled.length} studies out of fold and crop their vertebrae`
    add(
      'crops',
      title,
      { kind: 'crops' },
      heldOut.map((run) => `${run.id}/labeller`),
      [data, recipe.masks],
    )
  }
  for (const run of runs) {
    const crops = steps.has('crops') ? ['crops'] : []
    train(run, 'slices', crops)
    train(run, 'sequence', [...crops, `${run.id}/slices`])
    const needs = NETWORK_NAMES.map((network) => `${run.id}/${network}`)
    add(`${run.id}/bundle`, `export the networks, ${nameOf(run)}`, { kind: 'export', run }, needs, [
      name,
      version,
      half,
    ])
  }
  add(
    'out-of-fold',
    'predict every held-out study',
    { kind: 'out-of-fold' },
    heldOut.map((run) => `${run.id}/bundle`),
    data,
  )
  add(
    'decision',
    'ensemble weight, calibration, operating points',
    { kind: 'decision' },
    ['out-of-fold'],
    null,
  )
  add(
    'bundle',
    'bundle with its card',
    { kind: 'bundle' },
    [`${shippedRun(recipe).id}/bundle`, 'decision'],
    null,
  )
  return [...steps.values()]
}

const nameOf = ({ fold }: Run): string => (fold < 0 ? 'all studies' : `fold ${fold} held out`)

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')
