import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LEVELS, type PreparedEntry } from '@neckfrac/core'
import { expect, test } from 'vitest'
import { trainingOf } from './estimate.ts'
import { parseOutOfFoldCsv, toOutOfFoldCsv } from './out-of-fold.ts'
import type { Recipe } from './recipe.ts'
import { openState } from './state.ts'
import { planSteps, type StepOptions } from './steps.ts'

const network = { minutes: 0, epochs: 2, steps_per_epoch: 50, batch: 8 }
const recipe: Recipe = {
  name: 'test',
  seed: 1,
  folds: [0, 1],
  ship: 'all',
  masks: 'predicted',
  held_out_family: '',
  segmenter: network,
  slices: network,
  sequence: network,
}
const none = Object.fromEntries(LEVELS.map((l) => [l, 0])) as PreparedEntry['fractured']
const entry = (uid: string, fold: number, label: string | null): PreparedEntry => ({
  uid,
  fold,
  origin: 'dicom',
  sourceHash: '0',
  fractured: none,
  patientOverall: 0,
  segment: { image: 'i', label },
  crops: null,
  notes: [],
})
const entries = [entry('1.1', 0, 'l'), entry('1.2', 1, 'l'), entry('1.3', 2, null)]
const options: StepOptions = { name: 'test', version: '1', minutesScale: 1, half: false }
const plan = (changed: Partial<Recipe> = {}, given = entries, opts = options) =>
  planSteps({ ...recipe, ...changed }, given, opts)

test("the original's sequence: every fold's segmenter before the crops, every model after them", () => {
  expect(plan().map((s) => s.id)).toEqual([
    'fold-0/segmenter',
    'fold-1/segmenter',
    'all/segmenter',
    'fold-0/labeller',
    'fold-1/labeller',
    'crops',
    ...['fold-0', 'fold-1', 'all'].flatMap((run) =>
      ['slices', 'sequence', 'bundle'].map((part) => `${run}/${part}`),
    ),
    'out-of-fold',
    'decision',
    'bundle',
  ])
})

test('a hold-out trains once; expert masks leave only studies without one to label', () => {
  const holdOut = plan({ folds: [0], ship: 'fold', masks: 'expert' })
  expect(holdOut.map((s) => s.id)).toEqual([
    ...['fold-0/segmenter', 'fold-0/labeller', 'crops', 'fold-0/slices', 'fold-0/sequence', 'fold-0/bundle'],
    ...['out-of-fold', 'decision', 'bundle'],
  ])
  expect(holdOut[2].title).toContain('label 1 studies')
  const masked = plan({ folds: [0], ship: 'fold', masks: 'expert' }, entries.slice(0, 2))
  expect(masked.map((s) => s.id)).not.toContain('crops')
})

/** Ids of the steps that have to be taken again after a change. */
const changed = (other: ReturnType<typeof plan>) => {
  const before = new Map(plan().map((s) => [s.id, s.hash]))
  return other.filter((s) => before.get(s.id) !== s.hash).map((s) => s.id)
}

test('nothing changed, nothing again', () => expect(changed(plan())).toEqual([]))

test('a change of Model II repeats what follows from it and nothing else', () => {
  expect(changed(plan({ sequence: { ...network, epochs: 3 } }))).toEqual([
    ...['fold-0/sequence', 'fold-0/bundle', 'fold-1/sequence', 'fold-1/bundle', 'all/sequence', 'all/bundle'],
    ...['out-of-fold', 'decision', 'bundle'],
  ])
})

const turnedOut = entries.map((e, n): PreparedEntry => (n === 0 ? { ...e, origin: 'phantom' } : e))

test.each([
  ['another segmenter', plan({ segmenter: { ...network, epochs: 3 } })],
  ['another study', plan({}, [...entries, entry('1.4', 3, null)])],
  ['a mask that arrived', plan({}, [...entries.slice(0, 2), entry('1.3', 2, 'l')])],
  ['a study that turns out to be synthetic', plan({}, turnedOut)],
  ['other times', plan({}, entries, { ...options, minutesScale: 2 })],
])('%s repeats everything', (_, other) => expect(changed(other)).toHaveLength(plan().length))

test('a given segmenter is taken, and another one repeats what follows from it', () => {
  const one = plan({}, entries, { ...options, segmenterHash: 'a' })
  const two = plan({}, entries, { ...options, segmenterHash: 'b' })
  expect(one[0]).toMatchObject({ id: 'fold-0/segmenter', work: { kind: 'take-segmenter' } })
  expect(one.every((step, n) => step.hash !== two[n].hash)).toBe(true)
})

test('another name repeats the export alone', () => {
  const named = changed(plan({}, entries, { ...options, name: 'other' }))
  expect(named.filter((id) => /segmenter|slices|sequence|crops/.test(id))).toEqual([])
  expect(named).toContain('bundle')
})

test('the state remembers what is done, and what was killed with the same inputs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'neckfrac-state-'))
  try {
    const [first, second] = plan()
    const state = await openState(folder)
    await state.begin(first)
    expect([state.isBegun(first), state.isDone(first)]).toEqual([true, false])
    await state.finish(first, 1.5, { seen: 3 })
    await state.begin(second)
    const again = await openState(folder)
    expect([again.isDone(first), again.minutes(first), again.facts(first.id)]).toEqual([
      true,
      1.5,
      { seen: 3 },
    ])
    expect([again.isBegun(second), again.isDone(second)]).toEqual([true, false])
    const other = plan({ segmenter: { ...network, epochs: 3 } })
    expect([again.isDone(other[0]), again.isBegun(other[1])]).toEqual([false, false])
    await writeFile(join(folder, 'state.json'), '{"steps": 1}')
    await expect(openState(folder)).rejects.toThrow(/is no state of a training/)
    expect(await readFile(join(folder, 'state.json'), 'utf8')).toBe('{"steps": 1}')
    await rename(join(folder, 'state.json'), join(folder, 'report.html'))
    await expect(openState(folder)).rejects.toThrow(/holds report\.html and no state\.json/)
    await rm(join(folder, 'report.html'))
    await openState(folder)
    await openState(join(folder, 'new'))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.each([
  ['epochs alone', network, 40, {}, { minutes: 800 / 2400, samples: 800 }],
  ['epochs, scaled', network, 40, { minutesScale: 2 }, { minutes: 1600 / 2400, samples: 1600 }],
  ['a time limit', { ...network, minutes: 3, epochs: 1000 }, 40, {}, { minutes: 3, samples: 7200 }],
  ['what ends first', { ...network, minutes: 3 }, 40, {}, { minutes: 800 / 2400, samples: 800 }],
  ['two machines of four', network, 40, { processes: 4, nodes: 2 }, { minutes: 800 / 2400, samples: 6400 }],
  ['an unknown speed', network, null, {}, { minutes: null, samples: 800 }],
])('estimates %s', (_, own, speed, opts, expected) => {
  const found = trainingOf(own, speed, { minutesScale: 1, processes: 1, nodes: 1, ...opts })
  expect(found.samples).toBeCloseTo(expected.samples)
  if (expected.minutes === null) expect(found.minutes).toBeNull()
  else expect(found.minutes).toBeCloseTo(expected.minutes)
})

test('out-of-fold predictions survive their file, and what was not found stays unjudged', () => {
  const studies = [
    {
      uid: '1.2',
      fold: 1,
      scores: { C2: { slices: -1.25, sequence: 1e-7 } },
      fractured: Object.fromEntries(LEVELS.map((l) => [l, l === 'C7'])) as Record<
        (typeof LEVELS)[number],
        boolean
      >,
    },
  ]
  expect(parseOutOfFoldCsv(toOutOfFoldCsv(studies))).toEqual(studies)
  expect(() => parseOutOfFoldCsv('row_id,fractured\n')).toThrow(/begins with "row_id,fractured"/)
})
