import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSeriesWriter, type FamilyName, type PresetName, synthesize, writeNifti } from '@neckfrac/core'
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
    // Slice 1 is the highest in the patient.
    const headFirst = volume.ijkToLps[10] < 0
    const fileNumber = (z: number) => (headFirst ? z + 1 : slices - z)
    const series = createSeriesWriter(volume, {
      studyInstanceUid: uid,
      patientName: `SYNTHETIC^${seed}`,
      patientId: `SYNTHETIC-${seed}`,
      // A fixed moment: the same seed gives the same bytes.
      date: '20260101',
      time: '120000',
      studyDescription: 'SYNTHETIC cervical spine',
      seriesDescription: `SYNTHETIC axial ${truth.scan.kernel}`,
      manufacturer: 'NeckFrac phantom',
      kernel: truth.scan.kernel.toUpperCase(),
      kvp: 120,
    })
    const mask = join(out, 'segmentations', `${uid}.nii`)
    await mkdir(join(out, 'segmentations'), { recursive: true })
    await writeFile(`${mask}.partial`, writeNifti(labels))
    await rename(`${mask}.partial`, mask)
    await fillFolder(join(out, 'train_images', uid), async (folder) => {
      for (let z = 0; z < slices; z++) {
        const number = fileNumber(z)
        await writeFile(join(folder, `${number}.dcm`), series.writeSlice(z, number))
      }
    })
    const fractures = truth.fractures.map((f) => ({
      ...f,
      boxes: f.boxes.map((b) => ({ ...b, sliceIndex: fileNumber(b.sliceIndex) - 1 })),
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
