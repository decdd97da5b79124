import { expect, it } from 'vitest'
import { report } from '../../test/report.ts'
import { toJson } from './json.ts'

it('keeps every fact and leaves the pictures out', () => {
  const picture = {
    kind: 'overview',
    level: null,
    width: 1,
    height: 1,
    spacingMm: 1,
    pixels: new Uint8Array(1),
    outlines: [],
    box: null,
  } as const
  const { figures: _, ...facts } = report
  expect(JSON.parse(toJson({ ...report, figures: [picture] }))).toEqual(facts)
})
