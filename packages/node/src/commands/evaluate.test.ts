import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LEVELS, type Report, toJson } from '@neckfrac/core'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { report } from '../../../core/test/report.ts'
import { evaluateCommand } from './evaluate.ts'

const COLUMNS = ['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'patient_overall']
const HEADER = 'StudyInstanceUID,patient_overall,C1,C2,C3,C4,C5,C6,C7'
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
  await writeFile(join(dir, 'train.csv'), `${HEADER}\n1.2,1,0,1,0,0,0,0,0\n`)
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(dir, { recursive: true })
})

/** A fresh parse: commander keeps the options of the last one. */
const run = (...options: readonly string[]) => {
  for (const { long } of evaluateCommand.options)
    evaluateCommand.setOptionValue(
      (long ?? '').slice(2).replace(/-(\w)/g, (_, c: string) => c.toUpperCase()),
      evaluateCommand.options.find((o) => o.long === long)?.defaultValue,
    )
  return evaluateCommand.parseAsync([...options], { from: 'user' })
}
const runTables = (...more: readonly string[]) =>
  run('--predictions', join(dir, 'p.csv'), '--labels', join(dir, 'train.csv'), ...more)
const recallOfC2 = (): string => /^C2 .*/m.exec(printed)?.[0] ?? ''

it('calls from 0.5 unless thresholds are given', async () => {
  await runTables()
  expect(printed).toContain('1 study scored; threshold 0.5 everywhere.')
  expect(recallOfC2()).toContain('0.000 [0.00 0.79]')
  expect(printed).not.toContain('SYNTHETIC')
})

it("takes a bundle's thresholds, says synthetic, and writes page, JSON and CSV", async () => {
  const thresholds = Object.fromEntries([...COLUMNS.slice(0, 7), 'patient'].map((k) => [k, 0.3]))
  await writeFile(join(dir, 'manifest.json'), JSON.stringify({ decision: { thresholds } }))
  await writeFile(join(dir, 'SYNTHETIC.txt'), 'Phantoms, seed 7.\n')
  const out = join(dir, 'out')
  await runTables('--thresholds', dir, '--out', out)
  expect(printed).toContain('SYNTHETIC: These studies are phantoms')
  expect(recallOfC2()).toContain('1.000 [0.21 1.00]')
  const { synthetic, parts } = JSON.parse(await readFile(join(out, 'evaluation.json'), 'utf8'))
  expect(synthetic).toContain('phantoms')
  expect(parts[0].studies.total).toBe(1)
  expect(await readFile(join(out, 'evaluation.html'), 'utf8')).toContain('Not a medical device')
  expect(await readFile(join(out, 'evaluation.csv'), 'utf8')).toContain('All studies,synthetic,')
})

it('names the file that cannot be read, and what must be given together', async () => {
  await rm(join(dir, 'p.csv'))
  await expect(runTables()).rejects.toThrow(/p\.csv cannot be read/)
  await expect(run('--reports', dir)).rejects.toThrow('--reports needs --data DIR.')
  await expect(run()).rejects.toThrow(/Give one of/)
  await expect(run('--phantoms', '3')).rejects.toThrow('--phantoms needs --out DIR')
  await expect(run('--phantoms', '3', '--out', dir, '--family', 'template')).rejects.toThrow('--templates')
})

/** A flagged C2 of study 7 whose candidate covers slices 258 to 254, counted from the head as RSNA counts. */
const study = (uid: string, more: Partial<Report> = {}): Report => ({
  ...report,
  studyInstanceUid: uid,
  vertebrae: report.vertebrae.map((v) => ({
    ...v,
    models: { slices: 0.5, sequence: 0.5 },
    candidates:
      v.level === 'C2'
        ? [
            {
              score: 0.8,
              firstSlice: 41,
              lastSlice: 45,
              firstPath: 'series/258.dcm',
              lastPath: 'series/254.dcm',
              x: 240,
              y: 200,
              width: 40,
              height: 30,
              centreLps: [0, 0, 0],
            },
          ]
        : [],
  })),
  ...more,
})

it('puts reports beside an RSNA folder: boxes by file number, failures by name', async () => {
  const reports = join(dir, 'reports')
  const data = join(dir, 'data')
  await mkdir(data, { recursive: true })
  for (const r of [study('1.7'), study('1.8')]) {
    await mkdir(join(reports, r.studyInstanceUid), { recursive: true })
    await writeFile(join(reports, r.studyInstanceUid, 'report.json'), toJson(r))
  }
  const outcomes = [{ source: 'x', study: '1.9', status: 'failed', error: 'damaged slice' }]
  await writeFile(join(reports, 'run.json'), JSON.stringify({ outcomes, skippedFiles: [] }))
  const row = (uid: string, fractured: readonly string[]) =>
    [uid, fractured.length > 0 ? 1 : 0, ...LEVELS.map((l) => (fractured.includes(l) ? 1 : 0))].join(',')
  await writeFile(
    join(data, 'train.csv'),
    [HEADER, row('1.7', ['C2']), row('1.8', []), row('1.9', ['C5']), ''].join('\n'),
  )
  // The candidate's very box, drawn on its slices; and a second finding that nothing marks.
  const boxes = [
    ...[254, 255, 256, 257, 258].map((slice) => `1.7,240,200,40,30,${slice}`),
    ...[30, 31].map((slice) => `1.7,10,10,20,20,${slice}`),
  ]
  await writeFile(
    join(data, 'train_bounding_boxes.csv'),
    ['StudyInstanceUID,x,y,width,height,slice_number', ...boxes, ''].join('\n'),
  )
  const out = join(dir, 'out')
  await run('--reports', reports, '--data', data, '--out', out)
  const [part] = JSON.parse(await readFile(join(out, 'evaluation.json'), 'utf8')).parts
  expect(part.studies).toMatchObject({ total: 3, analysed: 2, failed: 1 })
  expect(part.unanswered).toEqual([{ uid: '1.9', status: 'failed', reasons: ['damaged slice'] }])
  expect(part.points[0].name).toBe('f2')
  expect(part.points[0].thresholds).toMatchObject({ C2: 0.25, patient: 0.5 })
  expect(part.boxes.model).toMatchObject({
    scans: 2,
    fractures: 2,
    points: [{ falseBoxes: 0.5, sensitivity: 0.5 }],
  })
  expect(part.boxes.model.found[0]).toContain(0.8)
})
