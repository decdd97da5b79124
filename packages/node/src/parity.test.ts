import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Detector, NETWORK_NAMES, type NetworkName, type Tensor } from '@neckfrac/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEFAULT_BUNDLE, openBundle } from './bundle.ts'

/** parity/parity.json of a bundle, as the trainer's export writes it. */
type Fixture = {
  input: {
    file: string
    dtype: string
    divide: number
    storedShape: number[]
    repeat: number[]
    shape: number[]
  }
  outputs: { name: string; file: string; shape: number[] }[]
  tolerance: number
}

const folder = join(DEFAULT_BUNDLE, 'parity')
let fixtures: Record<NetworkName, Fixture>
let detector: Detector

beforeAll(async () => {
  fixtures = JSON.parse(await readFile(join(folder, 'parity.json'), 'utf8'))
  detector = await openBundle(DEFAULT_BUNDLE, 2)
})
afterAll(() => detector.dispose())

test.each(NETWORK_NAMES)('%s says in Node what it said in PyTorch', async (name) => {
  const { input, outputs, tolerance } = fixtures[name]
  const found = await detector.sessions[name].run({ image: await readInput(input) })
  for (const { name: output, file, shape } of outputs) {
    const bytes = await readFile(join(folder, file))
    const expected = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    expect(found[output].shape).toEqual(shape)
    const worst = expected.reduce((w, e, n) => Math.max(w, Math.abs(e - found[output].data[n])), 0)
    expect(worst).toBeLessThanOrEqual(tolerance)
  }
})

/** Stored values divided, each axis repeated as often as the fixture says. */
async function readInput({
  file,
  dtype,
  divide,
  storedShape,
  repeat,
  shape,
}: Fixture['input']): Promise<Tensor> {
  const bytes = await readFile(join(folder, file))
  const stored =
    dtype === 'int16'
      ? new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
      : new Uint8Array(bytes)
  const data = new Float32Array(shape.reduce((a, b) => a * b))
  for (let n = 0; n < data.length; n++) {
    let [rest, from, step] = [n, 0, 1]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      // numpy.repeat: each element stands `repeat` times in a row.
      from += step * Math.floor((rest % shape[axis]) / repeat[axis])
      rest = Math.floor(rest / shape[axis])
      step *= storedShape[axis]
    }
    data[n] = stored[from] / divide
  }
  return { data, shape }
}
