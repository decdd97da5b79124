import { expect, it } from 'vitest'
import { notAnalysable, report } from '../../test/report.ts'
import { readPredictions } from '../evaluate/study-tables.ts'
import { omittedRows, toCsv } from './csv.ts'

const complete = {
  ...report,
  vertebrae: report.vertebrae.map((v) => ({ ...v, probability: v.probability ?? 0.5 })),
}

it("is exactly RSNA's submission format", () => {
  expect(toCsv([complete])).toBe(
    [
      'row_id,fractured',
      '1.2.826.7_C1,0.040000',
      '1.2.826.7_C2,0.910000',
      '1.2.826.7_C3,0.030000',
      '1.2.826.7_C4,0.080000',
      '1.2.826.7_C5,0.120000',
      '1.2.826.7_C6,0.210000',
      '1.2.826.7_C7,0.500000',
      '1.2.826.7_patient_overall,0.930000',
      '',
    ].join('\n'),
  )
  expect(omittedRows([complete])).toEqual([])
})

it('has no row for what was not judged, and names it', () => {
  expect(toCsv([report])).not.toContain('_C7')
  expect(omittedRows([report])).toEqual(['1.2.826.7_C7'])
  expect(toCsv([notAnalysable])).toBe('row_id,fractured\n')
  expect(omittedRows([notAnalysable])).toHaveLength(8)
})

it('is read back by evaluate, even with a comma in the name of a NIfTI file', () => {
  const odd = { ...complete, studyInstanceUid: 'neck, "1"' }
  expect(readPredictions(toCsv([odd]), 'p.csv').get('neck, "1"')).toMatchObject({
    C2: 0.91,
    patient_overall: 0.93,
  })
})
