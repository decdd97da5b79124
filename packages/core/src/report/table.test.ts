import { expect, it } from 'vitest'
import { notAnalysable, report } from '../../test/report.ts'
import { noticeFor } from './report.ts'
import { toTable } from './table.ts'

it('says the notice first, then level, probability, call and place', () => {
  const lines = toTable(report).split('\n')
  expect(lines[0]).toBe(noticeFor('synthetic studies only'))
  expect(lines).toContain('C1             0.040      0.250  no fracture')
  expect(lines).toContain(
    "C2             0.910      0.250  FRACTURE       slice 42 of 300 (258.dcm), from the vertebra's centre 12 mm right, 8 mm posterior",
  )
  expect(lines).toContain('C7                 –      0.250  not assessable not found in the field of view')
  expect(lines).toContain('patient        0.930      0.500  FRACTURE')
  expect(lines).toContain('  ! warning: Not in view: C7.')
})

it('never sounds negative when the study was not judged', () => {
  const table = toTable(notAnalysable)
  expect(table).toContain(
    'Not analysable\nThis says nothing about whether there is a fracture. Slices are 4.25 mm',
  )
  expect(table).not.toMatch(/no fracture/i)
})

it('has colours only when asked, and never those of a file', () => {
  const hostile = { ...report, description: 'neck\u001b[2J\u202e' }
  for (const code of ['\u001b', '\u202e']) expect(toTable(hostile)).not.toContain(code)
  expect(toTable(report, { colour: true })).toContain('\u001b[31mFRACTURE')
})
