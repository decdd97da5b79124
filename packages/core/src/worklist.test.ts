import { expect, it } from 'vitest'
import { report } from '../test/report.ts'
import { displayName, firstPlace, statusOf, summarize } from './worklist.ts'

it.each([
  ['DOE^JANE', 'DOE, JANE'],
  ['DOE^JANE^Q^Dr', 'DOE, JANE Q Dr'],
  ['^JANE', 'JANE'],
  ['Yamada^Tarou=山田^太郎', 'Yamada, Tarou'],
  ['<script>alert(1)</script>^X', '<script>alert(1)</script>, X'],
  ['', 'P1'],
  ['^^', 'P1'],
])('the name %s is shown as %s', (name, shown) => {
  expect(displayName(name, 'P1')).toBe(shown)
})

it('sums up what was judged, the worst vertebra first', () => {
  const summary = summarize(report)
  const highest = Math.max(...report.vertebrae.map((v) => v.probability ?? -1))
  expect(summary.worst?.probability).toBe(highest)
  expect(summary.probability).toBe(report.patient.probability)
  const unjudged = { ...report, vertebrae: report.vertebrae.map((v) => ({ ...v, probability: null })) }
  expect(summarize(unjudged).worst).toBeNull()
})

it('says why a study is not analysable', () => {
  const blocking = { code: 'x', severity: 'blocking', message: 'Too thick.' } as const
  expect(statusOf({ status: 'not-analysable', findings: [blocking] })).toEqual({
    kind: 'not-analysable',
    reason: 'Too thick.',
  })
  expect(statusOf({ status: 'analysed', findings: [] })).toEqual({ kind: 'done' })
})

it('starts reading at the most suspicious vertebra in view: at its finding, its best candidate or its centre', () => {
  const at = (z: number) => ({ centreLps: [0, 0, z] as const })
  const lower = { probability: 0.2, box: at(1), candidates: [], ...at(2) }
  const unseen = { probability: null, box: null, centreLps: null }
  const upper = { probability: 0.6, box: at(3), candidates: [at(4), at(5)], ...at(6) }
  expect(firstPlace([unseen, lower, upper])).toEqual([0, 0, 3])
  expect(firstPlace([lower, { ...upper, box: null }])).toEqual([0, 0, 4])
  expect(firstPlace([lower, { ...upper, box: null, candidates: undefined }])).toEqual([0, 0, 6])
  expect(firstPlace([unseen])).toBeNull()
})
