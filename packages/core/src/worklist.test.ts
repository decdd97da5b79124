import { expect, it } from 'vitest'
import { report } from '../test/report.ts'
import { displayName, statusOf, summarize } from './worklist.ts'

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
