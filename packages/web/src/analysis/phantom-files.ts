import { createPhantomWriter, type PresetName, phantomUid, synthesize } from '@neckfrac/core'
import type { Drop } from './dropped-source.ts'

/** A synthetic patient as the DICOM files that `neckfrac phantom` writes; the browser keeps them outside of the tab's heap. */
export function makePhantom(seed: number, preset: PresetName): Drop {
  const phantom = synthesize({ seed, preset })
  const writer = createPhantomWriter(phantom, phantomUid(preset, seed))
  const files = Array.from({ length: phantom.volume.shape[0] }, (_, z) => {
    const path = `${writer.fileNumber(z)}.dcm`
    return { path, file: new File([writer.writeSlice(z) as Uint8Array<ArrayBuffer>], path) }
  })
  return { name: `synthetic patient ${seed}`, files }
}
