import type { Tensor } from '../ports.ts'

/** parity/parity.json of a bundle, by network, as the trainer's export writes it: what PyTorch said to an example. */
export type ParityFixture = {
  readonly input: {
    readonly file: string
    readonly dtype: string
    readonly divide: number
    readonly storedShape: readonly number[]
    readonly repeat: readonly number[]
    readonly shape: readonly number[]
  }
  readonly outputs: readonly {
    readonly name: string
    /** Raw float32. */
    readonly file: string
    readonly shape: readonly number[]
  }[]
  /** Largest difference of a logit on a CPU. */
  readonly tolerance: number
}

/** The example from the bytes of its file: stored values divided, each axis repeated as numpy.repeat does. */
export function parityInput(
  { dtype, divide, storedShape, repeat, shape }: ParityFixture['input'],
  bytes: Uint8Array,
): Tensor {
  const stored =
    dtype === 'int16' ? new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2) : bytes
  const data = new Float32Array(shape.reduce((a, b) => a * b))
  for (let n = 0; n < data.length; n++) {
    let [rest, from, step] = [n, 0, 1]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += step * Math.floor((rest % shape[axis]) / repeat[axis])
      rest = Math.floor(rest / shape[axis])
      step *= storedShape[axis]
    }
    data[n] = stored[from] / divide
  }
  return { data, shape }
}
