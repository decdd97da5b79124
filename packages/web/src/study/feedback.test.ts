import { feedbackSchema } from '@neckfrac/core'
import { expect, it } from 'vitest'
import type { StudyReport } from '../studies/studies.ts'
import { withRemark } from './feedback.ts'

const report = {
  studyInstanceUid: '1',
  seriesInstanceUid: '2',
  bundle: { name: 'compact', version: '0', operatingPoint: 'f2' },
  patient: { probability: 0.7, threshold: 0.6, call: 'fracture' },
  vertebrae: ['C1', 'C2'].map((level) => ({ level, probability: 0.4, threshold: 0.3, call: 'fracture' })),
} as unknown as StudyReport
const NOW = new Date(0)

it('keeps a verdict with what was shown, as the schema wants it', () => {
  const first = withRemark(null, report, 'C2', { verdict: 'agree' }, NOW)
  const both = withRemark(first, report, 'C2', { comment: 'old' }, NOW)
  expect(both.vertebrae.C2).toEqual({
    verdict: 'agree',
    comment: 'old',
    shown: { probability: 0.4, threshold: 0.3, call: 'fracture' },
  })
  expect(feedbackSchema.parse(both)).toEqual(both)
})

it('an empty remark is taken out, the others stay', () => {
  const both = withRemark(
    withRemark(null, report, 'C1', { comment: 'x' }, NOW),
    report,
    'C2',
    { verdict: 'unsure' },
    NOW,
  )
  const one = withRemark(both, report, 'C2', { verdict: null }, NOW)
  expect(Object.keys(one.vertebrae)).toEqual(['C1'])
})

it('the patient is judged beside the vertebrae', () => {
  const first = withRemark(null, report, 'C1', { verdict: 'agree' }, NOW)
  const both = withRemark(first, report, 'patient', { verdict: 'disagree' }, NOW)
  expect(both.patient).toEqual({
    verdict: 'disagree',
    comment: '',
    shown: { probability: 0.7, threshold: 0.6, call: 'fracture' },
  })
  expect(both.vertebrae).toEqual(first.vertebrae)
  expect(feedbackSchema.parse(both)).toEqual(both)
  expect(withRemark(both, report, 'patient', { verdict: null }, NOW).patient).toBeNull()
})
