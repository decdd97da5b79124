import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { evaluateCommand } from './evaluate.ts'

const COLUMNS = ['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'patient_overall']
let dir = ''
let printed = ''

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'neckfrac-evaluate-'))
  printed = ''
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    printed += `${text}\n`
  })
  const rows = COLUMNS.map((c) => `1.2_${c},${c === 'C2' || c === 'patient_overall' ? 0.4 : 0.1}`)
  await writeFile(join(dir, 'p.csv'), ['row_id,fractured', ...rows].join('\n'))
  await writeFile(
    join(dir, 'train.csv'),
    'StudyInstanceUID,patient_overall,C1,C2,C3,C4,C5,C6,C7\n1.2,1,0,1,0,0,0,0,0\n',
  )
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(dir, { recursive: true })
})

const run = (...more: readonly string[]) =>
  evaluateCommand.parseAsync(
    ['--predictions', join(dir, 'p.csv'), '--labels', join(dir, 'train.csv'), ...more],
    { from: 'user' },
  )
const recallOfC2 = (): string => /^C2 .*/m.exec(printed)?.[0] ?? ''

it('calls from 0.5 unless thresholds are given', async () => {
  await run()
  expect(printed).toContain('1 study scored; threshold 0.5 everywhere.')
  expect(recallOfC2()).toContain('0.000 [0.00 0.79]')
  expect(printed).not.toContain('SYNTHETIC')
})

it("takes a bundle's thresholds, says synthetic, and writes JSON", async () => {
  const thresholds = Object.fromEntries([...COLUMNS.slice(0, 7), 'patient'].map((k) => [k, 0.3]))
  await writeFile(join(dir, 'manifest.json'), JSON.stringify({ decision: { thresholds } }))
  await writeFile(join(dir, 'SYNTHETIC.txt'), 'Phantoms, seed 7.\n')
  const json = join(dir, 'e.json')
  await run('--thresholds', dir, '--json', json)
  expect(printed).toMatch(/^SYNTHETIC: Phantoms, seed 7\./)
  expect(recallOfC2()).toContain('1.000 [0.21 1.00]')
  const facts = JSON.parse(await readFile(json, 'utf8'))
  expect(facts).toMatchObject({ synthetic: 'Phantoms, seed 7.', studyCount: 1 })
})

it('names the file that cannot be read', async () => {
  await rm(join(dir, 'p.csv'))
  await expect(run()).rejects.toThrow(/p\.csv cannot be read/)
})
