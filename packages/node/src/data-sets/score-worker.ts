import { type FamilyName, type LabelledStudy, type PresetName, scoreStudy, synthesize } from '@neckfrac/core'
import { openBundle } from '../bundle.ts'
import { task } from '../pool.ts'
import type { RsnaStudy } from './rsna-folder.ts'
import { readRsnaImages } from './rsna-images.ts'
import { openTemplates } from './templates.ts'

let detector: ReturnType<typeof openBundle> | undefined

/** Makes one phantom and scores its vertebrae with a bundle, on one thread. */
export const scorePhantom = task(
  async (input: {
    readonly seed: number
    readonly preset: PresetName
    readonly family: FamilyName
    /** Files of label maps. */
    readonly templates: readonly string[]
    readonly bundle: string
  }): Promise<LabelledStudy> => {
    detector ??= openBundle(input.bundle, 1)
    const { seed, preset, family } = input
    const { volume, truth } = synthesize({ seed, preset, family, templates: openTemplates(input.templates) })
    return { fractured: truth.fractured, scores: await scoreStudy(volume, await detector) }
  },
)

/** Reads one study of an RSNA folder and scores its vertebrae with a bundle, on one thread. */
export const scoreRsnaStudy = task(
  async (input: { readonly study: RsnaStudy; readonly bundle: string }): Promise<LabelledStudy> => {
    detector ??= openBundle(input.bundle, 1)
    const { volume } = await readRsnaImages(input.study)
    return { fractured: input.study.fractured, scores: await scoreStudy(volume, await detector) }
  },
)
