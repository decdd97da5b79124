import { type Level, type PresetName, type Scores, scoreStudy, synthesize } from '@neckfrac/core'
import { openBundle } from '../bundle.ts'
import { task } from '../pool.ts'

export type ScoreInput = { readonly seed: number; readonly preset: PresetName; readonly bundle: string }
export type ScoreOutput = {
  readonly fractured: Readonly<Record<Level, boolean>>
  readonly scores: Readonly<Partial<Record<Level, Scores>>>
}

let detector: ReturnType<typeof openBundle> | undefined

/** Makes one phantom and scores its vertebrae with a bundle, on one thread. */
export const scorePhantom = task(async ({ seed, preset, bundle }: ScoreInput): Promise<ScoreOutput> => {
  detector ??= openBundle(bundle, 1)
  const { volume, truth } = synthesize({ seed, preset })
  return { fractured: truth.fractured, scores: await scoreStudy(volume, await detector) }
})
