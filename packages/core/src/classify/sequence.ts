import type { Session } from '../ports.ts'
import { CHANNELS, CROP, CROP_SIZE, writeSlices } from './crop.ts'
import { allSlices } from './slices.ts'
import type { VertebraCrop } from './vertebra-crop.ts'

/** Model II: CNN on each slice, bi-GRU and attention over the stack. Returns the logit of the vertebra. */
export async function classifySequence(crop: VertebraCrop, session: Session): Promise<number> {
  const data = new Float32Array(CHANNELS * CROP_SIZE)
  writeSlices(crop.image, crop.mask, allSlices, data, 0)
  const { fracture } = await session.run({
    image: { data, shape: [1, CROP.shape[0], CHANNELS, CROP.shape[1], CROP.shape[2]] },
  })
  return fracture.data[0]
}
