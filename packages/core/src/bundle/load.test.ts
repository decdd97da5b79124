import { expect, test } from 'vitest'
import { LEVELS } from '../levels.ts'
import { loadBundle, loadSegmenter } from './load.ts'

const network = (file: string) => ({
  file,
  sha256: '0'.repeat(64),
  bytes: 3,
  inputs: [],
  outputs: [],
})
const manifest = {
  format: 'neckfrac-bundle',
  formatVersion: 1,
  name: 'test',
  version: '1',
  trainedOn: 'nothing',
  networks: { segmenter: network('a.onnx'), slices: network('b.onnx'), sequence: network('c.onnx') },
  decision: {
    sliceModelWeight: 0.5,
    calibration: { slope: 1, intercept: 0 },
    operatingPoint: 'f2',
    thresholds: { ...Object.fromEntries(LEVELS.map((l) => [l, 0.5])), patient: 0.5 },
    learnedOn: 'nothing',
  },
}
const files = (json: unknown) => async (file: string) => {
  if (file === 'manifest.json') return new TextEncoder().encode(JSON.stringify(json))
  if (file === 'c.onnx' && json === incomplete) throw new Error('ENOENT')
  return Uint8Array.of(1, 2, 3)
}
const incomplete = { ...manifest, name: 'incomplete' }
const zeros = async () => '0'.repeat(64)

test('loads a bundle that matches its manifest', async () => {
  const bundle = await loadBundle(files(manifest), zeros)
  expect(bundle.manifest.name).toBe('test')
  expect(bundle.networks.sequence.length).toBe(3)
})

test.each([
  ['damaged weights', files(manifest), async () => 'f'.repeat(64), /a\.onnx has SHA-256 ffffffffffff/],
  ['a missing network', files(incomplete), zeros, /no readable c\.onnx/],
  [
    'a path as a file name',
    files({ ...manifest, networks: { ...manifest.networks, slices: network('../x.onnx') } }),
    zeros,
    /networks\.slices\.file/,
  ],
  [
    'a threshold outside 0..1',
    files({ ...manifest, decision: { ...manifest.decision, sliceModelWeight: 2 } }),
    zeros,
    /decision\.sliceModelWeight/,
  ],
])('refuses %s', async (_, read, digest, message) => {
  await expect(loadBundle(read, digest)).rejects.toMatchObject({
    tag: 'bundle',
    message: expect.stringMatching(message),
  })
})

test('the segmenter alone is enough to label, whatever else is missing', async () => {
  const { networks, decision: _, ...rest } = manifest
  const partial = { ...rest, networks: { segmenter: networks.segmenter } }
  expect((await loadSegmenter(files(partial), zeros)).length).toBe(3)
  await expect(loadBundle(files(partial), zeros)).rejects.toThrow(/networks\.slices/)
  await expect(loadSegmenter(files(partial), async () => 'f'.repeat(64))).rejects.toThrow(
    /a\.onnx has SHA-256/,
  )
})
