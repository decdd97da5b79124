import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Decision, LEVELS, parseManifest } from '@neckfrac/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEFAULT_BUNDLE } from '../bundle.ts'
import { writePhantomSet } from '../data-sets/phantom-set.ts'
import { calibrateCommand } from './calibrate.ts'

const PRESET = 'drill'
const SEED = 100
const STUDIES = 4

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'neckfrac-calibrate-'))
  await writePhantomSet({
    out: join(root, 'set'),
    studies: STUDIES,
    seed: SEED,
    preset: PRESET,
    family: 'parametric',
    workers: 2,
  })
}, 900_000)
afterAll(() => rm(root, { recursive: true, force: true }))

/** Calibrates a copy of the bundle that ships. */
async function calibrate(...args: string[]): Promise<Decision> {
  const bundle = await mkdtemp(join(root, 'bundle-'))
  await cp(DEFAULT_BUNDLE, bundle, { recursive: true })
  await calibrateCommand.parseAsync(['--bundle', bundle, '--workers', '2', ...args], { from: 'user' })
  return parseManifest(await readFile(join(bundle, 'manifest.json'))).decision
}

const judged = (decision: Decision) =>
  LEVELS.map((level) => {
    const { positives, negatives } = decision.operatingPoints?.f2.reached[level] ?? {}
    return [positives, negatives]
  })

test('three points from phantoms made on the fly and from the same ones read from a folder', async () => {
  const fresh = await calibrate('--phantoms', `${STUDIES}`, '--seed', `${SEED}`, '--preset', PRESET)
  const read = await calibrate('--rsna', join(root, 'set'))
  expect(Object.keys(fresh.operatingPoints ?? {})).toEqual(['f2', 'specificity-90', 'sensitivity-98'])
  expect(fresh.learnedOn).toBe('4 synthetic studies, parametric, preset drill, seeds 100 to 103')
  expect(read.learnedOn).toBe('4 synthetic studies of set')
  expect(judged(read)).toEqual(judged(fresh))
  expect(read.operatingPoint).toBe('f2')
}, 900_000)

test.each([
  [['--phantoms', '2'], /needs --seed/],
  [[], /either --rsna DIR or --phantoms N/],
  [['--phantoms', '2', '--seed', '1', '--family', 'template'], /needs --templates/],
])('refuses %j', async (args, message) => {
  const asked = calibrateCommand.parseAsync(['--bundle', DEFAULT_BUNDLE, ...args], { from: 'user' })
  await expect(asked).rejects.toThrow(message)
})
