import { type NetworkName, type ParityFixture, parityInput, type Session } from '@neckfrac/core'
import { readBundleFile } from './networks.ts'

/**
 * Largest difference of a logit: a probability moves by at most a quarter of it, 0.005. Graphics cards round otherwise
 * than PyTorch; what computes something else is off by far more.
 */
const TOLERANCE = 0.02

/** Runs a network on the bundle's example and compares with what PyTorch said. */
export async function agreesWithPyTorch(network: NetworkName, session: Session): Promise<boolean> {
  const text = new TextDecoder().decode(await readBundleFile('parity/parity.json'))
  const { input, outputs }: ParityFixture = JSON.parse(text)[network]
  const image = parityInput(input, await readBundleFile(`parity/${input.file}`))
  const found = await session.run({ image })
  for (const { name, file } of outputs) {
    const expected = new Float32Array((await readBundleFile(`parity/${file}`)).buffer)
    const values = found[name]?.data
    // A comparison with NaN is false.
    if (!expected.every((e, n) => Math.abs(e - values[n]) <= TOLERANCE)) return false
  }
  return true
}
