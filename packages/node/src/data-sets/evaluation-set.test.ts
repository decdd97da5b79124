import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Manifest, parseManifest } from '@neckfrac/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DEFAULT_BUNDLE } from '../bundle.ts'
import { parseCases, scorePhantoms } from './evaluation-set.ts'

let dir = ''
let manifest: Manifest
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'neckfrac-cases-'))
  manifest = parseManifest(await readFile(join(DEFAULT_BUNDLE, 'manifest.json')))
})
afterAll(() => rm(dir, { recursive: true }))

const score = (phantoms: number, more: Partial<Parameters<typeof scorePhantoms>[0]> = {}) =>
  scorePhantoms({
    file: join(dir, 'cases.jsonl'),
    phantoms,
    seed: 42,
    preset: 'small',
    families: ['parametric'],
    bundle: DEFAULT_BUNDLE,
    manifest,
    workers: 1,
    ...more,
  })

it('scores phantoms once: a rerun reads its lines, drops half a line, and adds what is missing', async () => {
  const first = await score(1)
  expect(first.failures).toEqual([])
  // Pixels of 1.6 mm are too coarse to judge: the case says so, and its vertebrae were labelled all the same.
  expect(first.cases).toMatchObject([
    {
      uid: 'parametric-small-42',
      family: 'parametric',
      seed: 42,
      status: 'not-analysable',
      reasons: ['pixels-too-large'],
      patient: null,
    },
  ])
  const labels = first.cases[0].labels ?? []
  expect(labels.length).toBeGreaterThan(6)
  expect(labels.filter((v) => (v.dice ?? 0) > 0.5).length).toBeGreaterThan(4)

  const file = join(dir, 'cases.jsonl')
  await appendFile(file, '{"uid":"parametric-small-43","fam')
  const again = await score(1)
  expect(again.cases).toEqual(first.cases)
  expect((await readFile(file, 'utf8')).split('\n').length).toBe(3)

  const networks = { ...manifest.networks, slices: { ...manifest.networks.slices, sha256: 'f'.repeat(64) } }
  await expect(score(1, { manifest: { ...manifest, networks } })).rejects.toThrow(/judged by other networks/)
  // A few seconds alone, ten times that beside a training.
}, 240_000)

it('names the line that is no case', () => {
  const header = '{"format":"neckfrac-cases","version":1,"networks":{},"templates":[]}\n'
  expect(parseCases(header, 'c.jsonl').cases).toEqual([])
  expect(() => parseCases(`${header}{"uid":3}\n`, 'c.jsonl')).toThrow(/c\.jsonl, line 2: uid/)
  expect(() => parseCases('{}\n', 'c.jsonl')).toThrow(/no file of cases/)
})
