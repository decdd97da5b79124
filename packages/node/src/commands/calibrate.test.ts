import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
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

/** A folder as `predict --out` leaves it, of studies whose scores are these at every level. */
async function reportsOf(logits: readonly number[], networks?: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(root, 'reports-'))
  const manifest = parseManifest(await readFile(join(DEFAULT_BUNDLE, 'manifest.json')))
  const own = Object.fromEntries(Object.entries(manifest.networks).map(([name, n]) => [name, n.sha256]))
  for (const [n, logit] of logits.entries()) {
    const p = 1 / (1 + Math.exp(-logit))
    const report = {
      schemaVersion: 1,
      studyInstanceUid: `1.2.${n}`,
      status: 'analysed',
      bundle: { networks: networks ?? own },
      vertebrae: LEVELS.map((level) => ({ level, probability: p, models: { slices: p, sequence: p } })),
    }
    await mkdir(join(folder, `${n}`))
    await writeFile(join(folder, `${n}`, 'report.json'), JSON.stringify(report))
  }
  return folder
}

test('reports of a site move each level by the difference of the medians, and nothing else', async () => {
  const before = parseManifest(await readFile(join(DEFAULT_BUNDLE, 'manifest.json'))).decision
  const folder = await reportsOf(Array.from({ length: 51 }, (_, n) => n / 10))
  const { site, ...after } = await calibrate('--reports', folder)
  expect(after).toEqual(before)
  expect(site?.learnedOn).toBe(`51 studies of ${basename(folder)}`)
  for (const level of LEVELS) expect(site?.shift[level]).toBeCloseTo(2.5 - before.medians![level]!, 6)
})

test('reports of other networks, or too few, are refused', async () => {
  await expect(calibrate('--reports', await reportsOf([1], { segmenter: 'other' }))).rejects.toThrow(
    /1 of 1 reports .* by other networks/,
  )
  await expect(calibrate('--reports', await reportsOf([1, 2]))).rejects.toThrow(/C1 2, C2 2/)
  await expect(calibrate('--reports', join(root, 'nowhere'))).rejects.toThrow(/cannot be read/)
})

test.each([
  [['--phantoms', '2'], /needs --seed/],
  [[], /one of --rsna DIR, --phantoms N and --reports DIR/],
  [['--phantoms', '2', '--reports', 'somewhere'], /one of/],
  [['--phantoms', '2', '--seed', '1', '--family', 'template'], /needs --templates/],
])('refuses %j', async (args, message) => {
  const asked = calibrateCommand.parseAsync(['--bundle', DEFAULT_BUNDLE, ...args], { from: 'user' })
  await expect(asked).rejects.toThrow(message)
})
