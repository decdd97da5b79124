import { join, relative, resolve } from 'node:path'
import { NeckFracError, type PreparedEntry, type PreparedIndex } from '@neckfrac/core'
import { writeAtomically } from '../atomic-file.ts'
import { type PrepareSource, prepareSet } from '../data-sets/prepared-set.ts'
import { readPreparedIndex } from './prepared.ts'
import type { Recipe } from './recipe.ts'
import { toLabel } from './steps.ts'

export type CropOptions = {
  readonly data: string
  readonly out: string
  readonly workers: number
  /** Folder of the bundle whose segmenter held a fold out. */
  readonly labellerOf: (fold: number) => string
  readonly signal?: AbortSignal
  readonly onStudy?: (done: number, total: number) => void
}

/**
 * Labels studies with a segmenter that did not see them and crops what it labelled, from the images and through the
 * code that serves a patient. The new data set refers to the old one for studies that keep their expert masks.
 */
export async function cropOutOfFold(recipe: Recipe, index: PreparedIndex, options: CropOptions) {
  const { data, out, workers, signal } = options
  const wanted = toLabel(recipe, index.studies)
  const heldOut = new Set(recipe.folds)
  if (index.sources.length === 0)
    throw new NeckFracError(
      'data',
      `${data}/index.json does not say where its images come from: run \`neckfrac prepare\` again, with this version.`,
    )
  const failed: { uid: string; reason: string }[] = []
  let before = 0
  for (const fold of recipe.folds) {
    // Studies of folds that no segmenter held out are labelled by the first one.
    const own = wanted.filter((e) => e.fold === fold || (fold === recipe.folds[0] && !heldOut.has(e.fold)))
    const uids = new Set(own.map((e) => e.uid))
    for (const source of index.sources) {
      const done = before
      const labelled = {
        ...source,
        bundle: options.labellerOf(fold),
        predicted: recipe.masks === 'predicted',
      }
      const result = await prepareSet(labelled as PrepareSource, {
        out,
        folds: index.folds,
        workers,
        only: (uid) => uids.has(uid),
        ...(signal ? { signal } : {}),
        onStudy: (n) => {
          before = done + n
          options.onStudy?.(before, wanted.length)
        },
      })
      failed.push(...result.failed)
    }
  }
  const made = new Map((await readPreparedIndex(out)).studies.map((e) => [e.uid, e]))
  const labelled = new Set(wanted.map((e) => e.uid))
  const studies = index.studies.flatMap((entry): PreparedEntry[] => {
    // A vertebra that the segmenter missed is still a fracture that was missed.
    const again = made.get(entry.uid)
    if (labelled.has(entry.uid))
      return again
        ? [{ ...again, fold: entry.fold, fractured: entry.fractured, patientOverall: entry.patientOverall }]
        : []
    return [moved(entry, relative(out, resolve(data)))]
  })
  if (!studies.some((e) => e.crops))
    throw new NeckFracError(
      'data',
      `The segmenter labelled no vertebra of ${wanted.length} studies that can be judged: train it for longer. ${failed[0]?.reason ?? ''}`.trim(),
    )
  await writeAtomically(join(out, 'index.json'), `${JSON.stringify({ ...index, studies }, null, 1)}\n`)
  return {
    labelled: wanted.length - failed.length,
    failed,
    seenByTheirSegmenter: wanted.filter((e) => !heldOut.has(e.fold) && e.segment?.label != null).length,
    expert: index.studies.length - wanted.length,
    withoutCrops: studies.filter((e) => e.crops === null).length,
  }
}

/** An entry whose arrays stay where they are, seen from another folder. */
function moved(entry: PreparedEntry, root: string): PreparedEntry {
  const { segment, crops } = entry
  const at = (path: string) => join(root, path)
  return {
    ...entry,
    segment: segment && { image: at(segment.image), label: segment.label && at(segment.label) },
    crops: crops && { ...crops, image: at(crops.image), mask: at(crops.mask), heat: at(crops.heat) },
  }
}
