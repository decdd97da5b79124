import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fitDecision, LEVELS, type Level, type PreparedEntry, parseManifest } from '@neckfrac/core'
import { expect, test } from 'vitest'
import { DEFAULT_BUNDLE } from '../bundle.ts'
import { toCard } from './card.ts'
import type { OutOfFold } from './out-of-fold.ts'
import type { Training } from './train.ts'

const fractured = (which: readonly Level[]) =>
  Object.fromEntries(LEVELS.map((l) => [l, which.includes(l)])) as Record<Level, boolean>
/** Model I knows the truth, Model II says the opposite. */
const studies: OutOfFold[] = Array.from({ length: 20 }, (_, n) => {
  const truth = fractured(n % 2 === 0 ? ['C2', 'C5'] : [])
  const scores = LEVELS.map((l) => [
    l,
    { slices: truth[l] ? 3 + n / 9 : -3 - n / 9, sequence: truth[l] ? -1 : 1 },
  ])
  return {
    uid: `1.${n}`,
    fold: 0,
    fractured: truth,
    scores: Object.fromEntries(scores) as OutOfFold['scores'],
  }
})
const decision = fitDecision(studies, 'a test')

const entry = (n: number, family: string, template: string | null): PreparedEntry => ({
  uid: `1.${n}`,
  fold: 0,
  origin: 'phantom',
  sourceHash: '0',
  fractured: Object.fromEntries(LEVELS.map((l) => [l, 0])) as PreparedEntry['fractured'],
  patientOverall: 0,
  segment: null,
  crops: null,
  notes: [],
  truth: { seed: n, preset: 'tune', family, template, fractures: [] },
})

async function cardOf(entries: PreparedEntry[], crops: Record<string, unknown> = {}): Promise<string> {
  const given = parseManifest(await readFile(join(DEFAULT_BUNDLE, 'manifest.json')))
  const recipe = { name: 'compact', seed: 1, folds: [0], ship: 'fold' }
  const training = {
    options: { minutesScale: 1 },
    plan: { recipe },
    index: { folds: 5, studies: entries },
  } as unknown as Pick<Training, 'options' | 'plan' | 'index'>
  return toCard({ manifest: { ...given, decision }, training, studies, crops })
}

test('states what it is, what it was trained on and how it scored, as facts', async () => {
  const card = await cardOf([entry(1, 'parametric', null), entry(2, 'parametric', null)])
  expect(card).toContain('trained on synthetic studies only, not a medical device')
  expect(card).toContain('2 studies: 2 phantoms of preset tune')
  expect(card).toMatch(
    /\| segmenter \| 7\.4 \| compact-gpu \| 1154 \| 6\.2 minutes \|.*\| Dice 0\.\d{3}, levels right [01]\.\d{3} \|/,
  )
  expect(card).toContain('Weights: Apache-2.0.')
  // Pooled over 20 x 7 vertebrae; Model I is always right, Model II always wrong.
  expect(card).toContain('| vertebrae, pooled | 140 | 20 | 1.000 | 0.000 | 1.000 |')
  expect(card).toContain('| patient | 20 | 10 | | | 1.000 |')
  expect(card).toMatch(/\| f2 \(default\) \| highest F2.*1\.000 \[0\.72 1\.00\]/)
  expect(card).toMatch(/sensitivity-98: C1 \(0 fractured\), C2 \(10 fractured\)/)
})

test("weights made from others' label maps carry their licence", async () => {
  const verse = await cardOf([entry(1, 'parametric', null), entry(2, 'randomised', 'sub-gl003_seg-vert_msk')])
  expect(verse).toContain('Weights: CC BY-SA 4.0')
  expect(verse).toContain('osf.io/t98fz')
  const own = await cardOf([entry(1, 'template', 'hospital-7')])
  expect(own).toContain('label maps hospital-7: their licence holds')
  expect(own).not.toContain('Apache')
})

test('phantoms that came through files are phantoms, and their licence is to be looked up', async () => {
  const { truth: _, ...read } = entry(1, 'parametric', null)
  const card = await cardOf([read])
  expect(card).toContain('1 phantoms read from DICOM')
  expect(card).toContain('Decision, learned out of fold (synthetic)')
  expect(card).toContain("that label map's licence holds")
})

test('says whose masks the crops followed', async () => {
  const entries = [entry(1, 'parametric', null)]
  expect(await cardOf(entries)).toContain("crops of the experts' masks")
  const labelled = await cardOf(entries, {
    labelled: 9,
    seenByTheirSegmenter: 4,
    expert: 0,
    withoutCrops: 2,
  })
  expect(labelled).toContain('2 studies gave no vertebra that could be judged')
  expect(labelled).toContain('9 studies as a segmenter labelled them, which had trained on 4 of them')
})
