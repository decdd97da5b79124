import { describe, expect, it } from 'vitest'
import { LEVELS } from '../levels.ts'
import { COLUMNS } from './competition.ts'
import { evaluate, sameThreshold } from './evaluate.ts'
import { toEvaluationTable } from './evaluation-table.ts'
import { readLabels, readPredictions } from './study-tables.ts'
import { readThresholds } from './thresholds-file.ts'

const HEADER = `StudyInstanceUID,patient_overall,${LEVELS.join(',')}`
const LABELS = `${HEADER}\n1.2.1,1,0,1,0,0,0,0,0\n1.2.2,0,0,0,0,0,0,0,0\n1.2.3,0,0,0,0,0,0,0,0\n`
const rows = (uid: string, values: readonly number[]) => COLUMNS.map((c, i) => `${uid}_${c},${values[i]}`)
const csv = (...lines: readonly string[]) => ['row_id,fractured', ...lines, ''].join('\n')
const FIRST = rows('1.2.1', [0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.95])
const SECOND = rows('1.2.2', [0.1, 0.2, 0.6, 0.1, 0.1, 0.1, 0.1, 0.7])

const run = (predictions: string, labels = LABELS) =>
  evaluate(readPredictions(predictions, 'p.csv'), readLabels(labels, 'train.csv'), sameThreshold(0.5))

describe('evaluate', () => {
  it('puts the answers that need no images beside every question', () => {
    const { groups, studyCount } = run(csv(...FIRST, ...SECOND))
    expect(studyCount).toBe(2)
    expect(groups.map((g) => g.name)).toEqual([...LEVELS, 'vertebrae', 'patient'])
    const vertebrae = groups[7]
    expect(vertebrae.model.confusion).toEqual({ tp: 1, fp: 1, tn: 12, fn: 0 })
    expect(vertebrae.alwaysPositive.confusion).toEqual({ tp: 1, fp: 13, tn: 0, fn: 0 })
    expect(vertebrae.baseRate.confusion).toEqual({ tp: 0, fp: 0, tn: 13, fn: 1 })
    expect(groups[8].model.confusion).toEqual({ tp: 1, fp: 1, tn: 0, fn: 0 })
    expect(groups[0].model.recall).toBeNull()
  })

  it('lists what is missing, what is too much and what was not judged', () => {
    const extra = rows(
      '9.9',
      COLUMNS.map(() => 0.5),
    )
    const evaluation = run(csv(...FIRST, ...SECOND.slice(1), ...extra))
    expect(evaluation.missingStudies).toEqual(['1.2.3'])
    expect(evaluation.extraStudies).toEqual(['9.9'])
    expect(evaluation.notJudged).toEqual(['1.2.2_C1'])
    expect(evaluation.groups[0].model.count).toBe(1)
    const table = toEvaluationTable(evaluation, { synthetic: null })
    for (const name of ['1.2.3', '9.9', '1.2.2_C1']) expect(table).toContain(`  ${name}\n`)
  })

  it('refuses tables that share no study', () => {
    expect(() =>
      run(
        csv(
          ...rows(
            '7',
            COLUMNS.map(() => 0.5),
          ),
        ),
      ),
    ).toThrow(/No study is in both tables: 1 predicted, 3/)
    expect(() => evaluate(new Map(), readLabels(LABELS, 'l.csv'), sameThreshold(0.5))).toThrow(
      /None of the 3 labelled studies was judged/,
    )
  })

  it('calls with each level its own threshold', () => {
    const thresholds = { ...sameThreshold(0.5), C3: 0.65 }
    const evaluation = evaluate(
      readPredictions(csv(...FIRST, ...SECOND), 'p.csv'),
      readLabels(LABELS, 'train.csv'),
      readThresholds(JSON.stringify({ decision: { thresholds } }), 'manifest.json'),
    )
    expect(evaluation.groups[7].model.confusion.fp).toBe(0)
  })
})

describe('the table', () => {
  it('prints – for what is not defined, and says how many studies and that they are synthetic', () => {
    const table = toEvaluationTable(run(csv(...FIRST, ...SECOND)), { synthetic: 'phantoms, seed 7' })
    expect(table).toMatch(/^SYNTHETIC: phantoms, seed 7\n/)
    expect(table).toContain('2 studies scored; threshold 0.5 everywhere.')
    const c1 = table.split('\n').find((l) => l.startsWith('C1')) ?? ''
    expect(c1).toMatch(/^C1 +2 +0 +1\.000 +– +1\.000 \[0\.34 1\.00\]/)
  })
})

describe('broken tables are refused with file and line', () => {
  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['NaN', csv(...FIRST, '1.2.2_C1,NaN'), /^p\.csv, line 10: fractured is "NaN"/],
    ['above 1', csv('1.2.2_C1,1.2'), /^p\.csv, line 2: fractured is "1\.2"/],
    ['empty', csv('1.2.2_C1,'), /line 2: fractured is ""/],
    ['twice', csv('1.2.2_C1,0.1', '1.2.2_C1,0.1'), /line 3: 1\.2\.2_C1 appears twice/],
    ['another row', csv('1.2.2_C8,0.1'), /line 2: row_id "1\.2\.2_C8" is not/],
    ['too few cells', csv('1.2.2_C1'), /line 2: 1 values where the header names 2/],
    ['no header', '1.2.2_C1,0.1\n', /line 1: column row_id, fractured is missing/],
    ['open quotation mark', csv('"1.2.2_C1,0.1'), /line 2: a quotation mark is not closed/],
  ]
  it.each(bad)('predictions: %s', (_, text, message) => {
    expect(() => readPredictions(text, 'p.csv')).toThrow(message)
  })
  const badLabels: readonly (readonly [string, string, RegExp])[] = [
    ['not 0 or 1', `${HEADER}\n1,2,0,0,0,0,0,0,0`, /^t\.csv, line 2: patient_overall is "2", not 0 or 1/],
    ['a contradiction', `${HEADER}\n1,0,0,1,0,0,0,0,0`, /line 2: patient_overall is 0, which contradicts/],
    ['twice', `${HEADER}\n1,0,0,0,0,0,0,0,0\n1,0,0,0,0,0,0,0,0`, /line 3: study 1 appears twice/],
    ['no C7', 'StudyInstanceUID,patient_overall,C1,C2,C3,C4,C5,C6\n', /column C7 is missing/],
  ]
  it.each(badLabels)('labels: %s', (_, text, message) => {
    expect(() => readLabels(text, 't.csv')).toThrow(message)
  })
  it('thresholds', () => {
    expect(() => readThresholds('{', 'm.json')).toThrow('m.json is not JSON')
    expect(() => readThresholds('{"C1": 2}', 'm.json')).toThrow('holds no thresholds')
  })
})

it('reads quoted cells, CRLF and a byte order mark', () => {
  const predictions = readPredictions('\ufeffrow_id,fractured\r\n"a,""b_C1",0.25\r\n', 'p.csv')
  expect(predictions.get('a,"b')).toEqual({ C1: 0.25 })
})
