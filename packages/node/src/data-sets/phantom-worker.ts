import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPhantomWriter, type FamilyName, type PresetName, synthesize, writeNifti } from '@neckfrac/core'
import { fillFolder } from '../atomic-file.ts'
import { task } from '../pool.ts'
import type { PhantomEntry } from './phantom-set.ts'
import { openTemplates } from './templates.ts'

/** Makes one phantom and writes its files as RSNA does. */
export const writePhantom = task(
  async ({
    out,
    uid,
    seed,
    preset,
    family,
    templates,
  }: {
    readonly out: string
    readonly uid: string
    readonly seed: number
    readonly preset: PresetName
    readonly family?: FamilyName | undefined
    /** Files of label maps. */
    readonly templates: readonly string[]
  }): Promise<PhantomEntry> => {
    const { volume, labels, truth } = synthesize({
      seed,
      preset,
      family,
      templates: openTemplates(templates),
    })
    const slices = volume.shape[0]
    const series = createPhantomWriter({ volume, truth }, uid)
    const mask = join(out, 'segmentations', `${uid}.nii`)
    await mkdir(join(out, 'segmentations'), { recursive: true })
    await writeFile(`${mask}.partial`, writeNifti(labels))
    await rename(`${mask}.partial`, mask)
    await fillFolder(join(out, 'train_images', uid), async (folder) => {
      for (let z = 0; z < slices; z++)
        await writeFile(join(folder, `${series.fileNumber(z)}.dcm`), series.writeSlice(z))
    })
    const fractures = truth.fractures.map((f) => ({
      ...f,
      boxes: f.boxes.map((b) => ({ ...b, sliceIndex: series.fileNumber(b.sliceIndex) - 1 })),
    }))
    return {
      uid,
      seed,
      preset,
      family: truth.family,
      template: truth.template,
      fractured: truth.fractured,
      fractures,
      scan: truth.scan,
    }
  },
)
