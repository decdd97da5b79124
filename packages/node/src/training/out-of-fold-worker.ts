import { readFile } from 'node:fs/promises'
import { type Detector, decodeNpy, type Level, type Scores, scoreCrops } from '@neckfrac/core'
import { openBundle } from '../bundle.ts'
import { task } from '../pool.ts'

const detectors = new Map<string, Promise<Detector>>()

/** Scores the prepared crops of one study with the networks of a bundle, on one thread. */
export const scorePrepared = task(
  async (input: {
    readonly bundle: string
    readonly image: string
    readonly mask: string
    readonly levels: readonly Level[]
  }): Promise<Partial<Record<Level, Scores>>> => {
    const loading = detectors.get(input.bundle) ?? openBundle(input.bundle, 1)
    detectors.set(input.bundle, loading)
    const read = async (path: string) => {
      const { data } = decodeNpy(await readFile(path), path)
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    }
    const [image, mask] = await Promise.all([read(input.image), read(input.mask)])
    return scoreCrops({ image, mask, levels: input.levels }, (await loading).sessions)
  },
)
