import { join } from 'node:path'
import {
  type LabelledStudy,
  LEVELS,
  type Level,
  NeckFracError,
  type PreparedEntry,
  type Scores,
} from '@neckfrac/core'
import { createPool } from '../pool.ts'
import type * as worker from './out-of-fold-worker.ts'

/** A held-out study with what its fold's networks said of it. */
export type OutOfFold = LabelledStudy & { readonly uid: string; readonly fold: number }

export type OutOfFoldOptions = {
  readonly root: string
  readonly folds: readonly number[]
  readonly bundleOf: (fold: number) => string
  readonly workers: number
  readonly signal?: AbortSignal
  readonly onStudy?: (done: number, total: number) => void
}

/** Predicts every study of the held-out folds with the exported networks that did not see it. */
export async function predictOutOfFold(
  entries: readonly PreparedEntry[],
  { root, folds, bundleOf, workers, signal, onStudy }: OutOfFoldOptions,
): Promise<OutOfFold[]> {
  const heldOut = entries.filter((e) => folds.includes(e.fold) && e.crops)
  const pool = createPool<typeof worker>(new URL('./out-of-fold-worker.ts', import.meta.url), workers)
  let done = 0
  try {
    return await Promise.all(
      heldOut.map(async ({ uid, fold, fractured, crops }) => {
        if (!crops) throw new NeckFracError('data', `study ${uid} has no crops`)
        const input = {
          bundle: bundleOf(fold),
          image: join(root, crops.image),
          mask: join(root, crops.mask),
          levels: crops.levels,
        }
        const scores = await pool.run('scorePrepared', input, { label: `study ${uid}`, signal })
        onStudy?.(++done, heldOut.length)
        const truth = Object.fromEntries(LEVELS.map((l) => [l, fractured[l] === 1])) as Record<Level, boolean>
        return { uid, fold, scores, fractured: truth }
      }),
    )
  } finally {
    await pool.dispose()
  }
}

const HEADER = 'StudyInstanceUID,fold,level,fractured,slices_logit,sequence_logit'

/** One row a judged vertebra; a level that no segmenter found has an empty pair of logits. */
export function toOutOfFoldCsv(studies: readonly OutOfFold[]): string {
  const rows = studies.flatMap(({ uid, fold, scores, fractured }) =>
    LEVELS.map((level) => {
      const s = scores[level]
      const logits = s ? `${s.slices},${s.sequence}` : ','
      return `${uid},${fold},${level},${fractured[level] ? 1 : 0},${logits}`
    }),
  )
  return `${[HEADER, ...rows].join('\n')}\n`
}

/** @throws NeckFracError `data` when the file is not what `toOutOfFoldCsv` wrote. */
export function parseOutOfFoldCsv(text: string): OutOfFold[] {
  const [header, ...lines] = text.trimEnd().split('\n')
  if (header !== HEADER)
    throw new NeckFracError('data', `out-of-fold.csv begins with "${header}", not "${HEADER}".`)
  const studies = new Map<
    string,
    { uid: string; fold: number; scores: Partial<Record<Level, Scores>>; fractured: Record<Level, boolean> }
  >()
  for (const line of lines) {
    const [uid, fold, level, fractured, slices, sequence] = line.split(',')
    const study = studies.get(uid) ?? {
      uid,
      fold: Number(fold),
      scores: {},
      fractured: Object.fromEntries(LEVELS.map((l) => [l, false])) as Record<Level, boolean>,
    }
    studies.set(uid, study)
    study.fractured[level as Level] = fractured === '1'
    if (slices !== '') study.scores[level as Level] = { slices: Number(slices), sequence: Number(sequence) }
  }
  return [...studies.values()]
}
