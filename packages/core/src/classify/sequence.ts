import type { Session } from '../ports.ts'
import { CHANNELS, CROP } from './crop.ts'

/** Model II: CNN on each slice of a crop's `networkInput`, bi-GRU and attention over the stack. Logit of the vertebra. */
export async function classifySequence(data: Float32Array, session: Session): Promise<number> {
  const { fracture } = await session.run({
    image: { data, shape: [1, CROP.shape[0], CHANNELS, CROP.shape[1], CROP.shape[2]] },
  })
  return fracture.data[0]
}
