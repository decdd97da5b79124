import type { StudyEntry } from '@neckfrac/core'
import { expect, it } from 'vitest'
import { orderStudies } from './order.ts'

const entry = (id: string, status: StudyEntry['status'], probability: number | null = null): StudyEntry => ({
  id,
  patient: `P ${id}`,
  description: 'CT',
  studyInstanceUid: `2.25.${id}`,
  source: '',
  status,
  summary:
    probability === null
      ? null
      : { probability, call: 'fracture', worst: null, sliceCount: 1, elapsedMs: 1, createdAt: '' },
})
const STUDIES = [
  entry('waits', { kind: 'waiting' }),
  entry('low', { kind: 'done' }, 0.1),
  entry('failed', { kind: 'failed', reason: '' }),
  entry('high', { kind: 'done' }, 0.9),
]
const ids = (search: string, filter: Parameters<typeof orderStudies>[1]['filter']) =>
  orderStudies(STUDIES, { search, filter }).map(({ id }) => id)

it('puts the most suspicious on top, then problems, then what is not there yet', () => {
  expect(ids('', 'all')).toEqual(['high', 'low', 'failed', 'waits'])
})

it('filters and searches; every word must match', () => {
  expect(ids('', 'open')).toEqual(['waits'])
  expect(ids('', 'problems')).toEqual(['failed'])
  expect(ids('ct 2.25.LOW', 'all')).toEqual(['low'])
  expect(ids('ct high low', 'all')).toEqual([])
})
