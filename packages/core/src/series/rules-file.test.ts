import { describe, expect, it } from 'vitest'
import { defaultSeriesRules, parseSeriesRules } from './rules-file.ts'

const parse = (rules: unknown) => parseSeriesRules(JSON.stringify(rules), 'site.json')

describe('parseSeriesRules', () => {
  it('takes from the default rules what a site leaves out', () => {
    expect(parse({})).toEqual(defaultSeriesRules())
    const rules = parse({ comment: 'ward 3', minSlices: 40 })
    expect(rules).toEqual({ ...defaultSeriesRules(), minSlices: 40 })
  })

  it.each<[string, unknown, string]>([
    ['an unknown field', { minSlice: 3 }, 'site.json: file: Unrecognized key: "minSlice"'],
    ['no regular expression', { neckWords: ['('] }, 'site.json: neckWords.0: Invalid regular expression'],
    ['a wrong type', { minSlices: '20' }, 'site.json: minSlices: Invalid input: expected'],
    ['an unknown plane', { planes: ['axial', 'lateral'] }, 'site.json: planes.1: Invalid option'],
    ['an unknown preference', { prefer: ['thinest'] }, 'site.json: prefer.0: expected one of thin-enough, '],
    [
      'a field that no rule may see',
      { reject: [{ field: 'patientName', matches: 'x', reason: 'y' }] },
      'site.json: reject.0.field: Invalid option',
    ],
    ['falling classes', { thicknessClassesMm: [2, 1] }, 'site.json: thicknessClassesMm: must rise'],
  ])('names the field: %s', (_, rules, message) => {
    expect(() => parse(rules)).toThrow(message)
  })

  it('says where the JSON breaks', () => {
    expect(() => parseSeriesRules('{"minSlices": 3,}', 'site.json')).toThrow('site.json: no JSON: ')
  })
})
