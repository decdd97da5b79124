import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Detector,
  NETWORK_NAMES,
  type NetworkName,
  type ParityFixture,
  parityInput,
} from '@neckfrac/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEFAULT_BUNDLE, openBundle } from './bundle.ts'

const folder = join(DEFAULT_BUNDLE, 'parity')
let fixtures: Record<NetworkName, ParityFixture>
let detector: Detector

beforeAll(async () => {
  fixtures = JSON.parse(await readFile(join(folder, 'parity.json'), 'utf8'))
  detector = await openBundle(DEFAULT_BUNDLE, 2)
})
afterAll(() => detector.dispose())

test.each(NETWORK_NAMES)('%s says in Node what it said in PyTorch', async (name) => {
  const { input, outputs, tolerance } = fixtures[name]
  const image = parityInput(input, await readFile(join(folder, input.file)))
  const found = await detector.sessions[name].run({ image })
  for (const { name: output, file, shape } of outputs) {
    const bytes = await readFile(join(folder, file))
    const expected = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    expect(found[output].shape).toEqual(shape)
    const worst = expected.reduce((w, e, n) => Math.max(w, Math.abs(e - found[output].data[n])), 0)
    expect(worst).toBeLessThanOrEqual(tolerance)
  }
})
