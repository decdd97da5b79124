import { describe, expect, it } from 'vitest'
import { makeCase, unanswered } from '../../test/cases.ts'
import { type Assessment, assessCases } from './assessment.ts'
import { rejudge } from './cases/rejudge.ts'
import { studyCaseSchema } from './cases/study-case.ts'
import { sameThreshold } from './evaluate.ts'
import { toEvaluationCsv } from './report/csv.ts'
import { toEvaluationJson } from './report/json.ts'
import { toEvaluationPage } from './report/page.ts'
import { PUBLISHED } from './report/published.ts'

const points = [
  { name: 'f2', aim: 'highest F2', thresholds: sameThreshold(0.5) },
  { name: 'specificity-90', aim: 'specificity', thresholds: sameThreshold(0.8) },
]
const bootstrap = { replicates: 200, seed: 1 }
const cases = [
  makeCase('a', { C2: 0.9 }, ['C2']),
  makeCase('b', { C5: 0.7 }, ['C5']),
  makeCase('c', { C7: 0.6 }, [], {
    truth: { ...makeCase('c', {}, []).truth, lookAlikes: [{ type: 'streak', level: 'C7' }] },
  }),
  makeCase('d', {}, [], {
    family: 'template',
    labels: [2, 3, 4].map((label) => ({ label, found: label + 1, distanceMm: null, dice: 0 })),
  }),
  makeCase('e', { C1: 0.3 }, ['C1'], { family: 'template' }),
  unanswered('f', ['C3']),
]
const assess = (heldOut?: string) => assessCases(cases, { points, bootstrap, heldOut })

describe('an assessment', () => {
  const [part] = assess()

  it('counts every study, and shows what refusing would hide', () => {
    expect(part.studies).toMatchObject({ total: 6, fractured: 4, analysed: 5, notAnalysable: 1, failed: 0 })
    expect(part.studies.reasons).toEqual([{ reason: 'not-analysable: slices-too-thick', count: 1 }])
    const [f2] = part.points
    const patient = f2.evaluation.groups.find((g) => g.name === 'patient')?.model
    expect(patient?.confusion).toEqual({ tp: 2, fp: 1, tn: 1, fn: 1 })
    expect(f2.unansweredAreWrong.sensitivity?.value).toBeCloseTo(2 / 4)
  })

  it('scores boxes at the scores of their vertebrae, and the trivial marker beside', () => {
    expect(part.boxes?.model.fractures).toBe(3)
    expect(part.boxes?.model.mean.value).toBe(1)
    expect(part.boxes?.wholeVertebrae).not.toBeNull()
  })

  it('names what a shifted chain costs, and what counting from the top reaches', () => {
    const { labelling } = part
    expect(labelling?.vertebrae).toBe(38)
    expect(labelling?.right?.value).toBeCloseTo(35 / 38)
    expect(labelling?.countedFromTop?.value).toBeCloseTo(35 / 38)
    expect(labelling?.exactChains?.value).toBeCloseTo(5 / 6)
    expect(labelling?.confusion[1][3]).toBe(1)
    expect(labelling?.dice?.value).toBeCloseTo((35 * 0.9) / 38)
  })

  it('breaks down false alarms by what looks like a fracture', () => {
    const [{ rows }] = part.breakdowns.lookAlikes
    expect(rows.map((r) => [r.value, r.count, r.called?.value])).toEqual([
      ['none', 31, 0],
      ['any', 1, 1],
      ['streak', 1, 1],
    ])
  })

  it('breaks down sensitivity by type, level and severity', () => {
    const rows = part.breakdowns.fractures.find((b) => b.by === 'fracture type')?.rows
    expect(rows).toMatchObject([{ value: 'burst', count: 3, called: { value: 2 / 3 } }])
    expect(part.breakdowns.fractures.find((b) => b.by === 'severity')?.rows[0].value).toBe('0.25 to 0.5')
    expect(part.breakdowns.groups.map((b) => b.by)).toContain('generator family')
  })

  it('reports on the held-out family first and apart', () => {
    const parts = assess('template')
    expect(parts.map((p) => [p.title, p.heldOut, p.studies.total])).toEqual([
      ['Held-out family: template', true, 2],
      ['Other families', false, 4],
    ])
    expect(() => assess('randomised')).toThrow(/No study is of the held-out family/)
  })
})

it('a case survives its line', () => {
  for (const c of cases) expect(studyCaseSchema.parse(JSON.parse(JSON.stringify(c)))).toEqual(c)
})

it('another decision judges the same scores anew', () => {
  const decision = {
    sliceModelWeight: 0.5,
    calibration: { slope: 2, intercept: 0 },
    operatingPoint: 'f2',
    thresholds: sameThreshold(0.5),
    learnedOn: '',
  }
  const { vertebrae, patient } = rejudge(cases[0], decision)
  expect(vertebrae[1].probability).toBeCloseTo(0.81 / 0.82)
  expect(patient).toBeGreaterThan(0.81 / 0.82)
  expect(rejudge(unanswered('x', []), decision).patient).toBeNull()
})

describe('the outputs', () => {
  const assessment: Assessment = {
    format: 'neckfrac-evaluation',
    version: 1,
    software: { name: 'NeckFrac', version: '0' },
    createdAt: '2026-11-25T02:00:00.000Z',
    synthetic: 'Phantoms.',
    studies: '<script>6 studies</script>',
    bundle: null,
    bootstrap,
    parts: assess('template'),
  }
  const page = toEvaluationPage(assessment)

  it('the page is self-contained, escaped and says what it is', () => {
    expect(page.match(/<script|https?:\/\/|<img|<link/)).toBeNull()
    expect(page.includes('&lt;script&gt;')).toBe(true)
    expect(page.indexOf('Not a medical device')).toBeLessThan(page.indexOf('<h1>'))
    expect(page.indexOf('Held-out family: template')).toBeLessThan(page.indexOf('Other families'))
    for (const name of [
      'ROC curve',
      'Precision-recall curve',
      'Reliability curve',
      'FROC curve',
      'Confusion',
    ])
      expect(page.includes(`aria-label="${name}`), name).toBe(true)
    expect(page.match(/NaN|undefined|Infinity/)).toBeNull()
  })

  it('each headline number of ours is called synthetic, none when it is not', () => {
    const glance = page.slice(page.indexOf('At a glance'), page.indexOf('</section>'))
    const values = [...glance.matchAll(/<td>(?=<b>)/g)].length
    expect(values).toBeGreaterThan(15)
    expect([...glance.matchAll(/class="tag">synthetic/g)].length).toBe(values)
    const real = toEvaluationPage({ ...assessment, synthetic: null })
    expect(real.toLowerCase().replace(/<style>.*<\/style>/s, '')).not.toContain('class="tag"')
  })

  it('published results are marked as of real patients, ours as synthetic', () => {
    const beside = page.slice(page.indexOf('Beside published results'))
    expect([...beside.matchAll(/<td>real patients<\/td>/g)].length).toBe(PUBLISHED.length)
    expect([...beside.matchAll(/<td><b>SYNTHETIC<\/b><\/td>/g)].length).toBe(2)
  })

  it('the CSV has one number a row and says synthetic in each', () => {
    const [header, ...rows] = toEvaluationCsv(assessment).trim().split('\n')
    expect(header).toBe('part,data,section,group,metric,value,low,high,n')
    for (const row of rows) expect(row).toMatch(/^(Held-out family: template|Other families),synthetic,/)
    expect(
      rows.find((r) => r.startsWith('Other families') && r.includes('discrimination,vertebrae,auc')),
    ).toMatch(/auc,1,,,21$/)
    // One fracture, missed, of two patients: always positive has F2 = 5 / 6.
    const gain = rows.find((r) => r.startsWith('Held-out') && r.includes('f2 clustered,patient,f2Gain'))
    expect(Number(gain?.split(',')[5])).toBeCloseTo(-5 / 6)
  })

  it('the JSON can be read back', () => {
    expect(JSON.parse(toEvaluationJson(assessment)).parts[0].studies.total).toBe(2)
  })
})
