import type { NetworkName, Session } from '@neckfrac/core'
import { readBundleFile } from './networks.ts'

/** parity/parity.json of a bundle, as the trainer's export writes it. */
type Fixture = {
  readonly input: {
    readonly file: string
    readonly dtype: string
    readonly divide: number
    readonly storedShape: readonly number[]
    readonly repeat: readonly number[]
    readonly shape: readonly number[]
  }
  readonly outputs: readonly { readonly name: string; readonly file: string }[]
}

/**
 * Largest difference of a logit: a probability moves by at most a quarter of it, 0.005. Graphics cards round otherwise
 * than PyTorch; what computes something else is off by far more.
 */
const TOLERANCE = 0.02

/** Runs a network on the bundle's example and compares with what PyTorch said. */
export async function agreesWithPyTorch(network: NetworkName, session: Session): Promise<boolean> {
  const text = new TextDecoder().decode(await readBundleFile('parity/parity.json'))
  const { input, outputs }: Fixture = JSON.parse(text)[network]
  const { buffer } = await readBundleFile(`parity/${input.file}`)
  const stored = input.dtype === 'int16' ? new Int16Array(buffer) : new Uint8Array(buffer)
  const data = repeat(stored, input.storedShape, input.repeat, input.shape).map((v) => v / input.divide)
  const found = await session.run({ image: { data, shape: input.shape } })
  for (const { name, file } of outputs) {
    const expected = new Float32Array((await readBundleFile(`parity/${file}`)).buffer)
    const values = found[name]?.data
    // A comparison with NaN is false.
    if (!expected.every((e, n) => Math.abs(e - values[n]) <= TOLERANCE)) return false
  }
  return true
}

/** numpy.repeat along each axis: each element stands so often in a row. */
function repeat(
  stored: Int16Array | Uint8Array,
  storedShape: readonly number[],
  times: readonly number[],
  shape: readonly number[],
): Float32Array {
  const out = new Float32Array(shape.reduce((a, b) => a * b))
  for (let n = 0; n < out.length; n++) {
    let [rest, from, step] = [n, 0, 1]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += step * Math.floor((rest % shape[axis]) / times[axis])
      rest = Math.floor(rest / shape[axis])
      step *= storedShape[axis]
    }
    out[n] = stored[from]
  }
  return out
}
