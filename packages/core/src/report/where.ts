import { subtract, type Vec3 } from '../volume/geometry.ts'
import type { Box, Call, Report, VertebraResult } from './report.ts'

/** The words of a call; the same in every output. */
export const CALL_WORDS: Readonly<Record<Call, string>> = {
  fracture: 'fracture',
  'no-fracture': 'no fracture',
  'not-assessable': 'not assessable',
}

/** A probability for a reader; one decimal where a whole percent would hide which side of a threshold it is on. */
export function percent(probability: number): string {
  if (probability < 0.001) return '<0.1 %'
  if (probability > 0.999) return '>99.9 %'
  return `${(100 * probability).toFixed(probability < 0.1 || probability > 0.99 ? 1 : 0)} %`
}

/** Slice, file and pixel of a box, counted from 1 as a viewer counts. */
export function sliceWords(box: Box, sliceCount: number): string {
  const file = box.path === '' ? '' : ` (${fileName(box.path)})`
  return `slice ${box.sliceIndex + 1} of ${sliceCount}${file}`
}

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Offset from the vertebra's centre in the patient's directions, e.g. "from the vertebra's centre 12 mm right, 8 mm posterior". */
export function offsetWords(centre: Vec3, point: Vec3): string {
  const [left, posterior, superior] = subtract(point, centre)
  const words = [
    side(left, 'left', 'right'),
    side(posterior, 'posterior', 'anterior'),
    side(superior, 'superior', 'inferior'),
  ].filter((w) => w !== '')
  return words.length === 0 ? "at the vertebra's centre" : `from the vertebra's centre ${words.join(', ')}`
}

const side = (mm: number, positive: string, negative: string): string =>
  Math.abs(mm) < 1.5 ? '' : `${Math.abs(mm).toFixed(0)} mm ${mm > 0 ? positive : negative}`

/** Where the finding of a vertebra lies, or why there is nothing to show. */
export function whereWords(vertebra: VertebraResult, report: Report): string {
  const { box, call, centreLps, inView } = vertebra
  const partly = inView === 'partly' ? ', only partly in view' : ''
  if (box) {
    const offset = centreLps ? `, ${offsetWords(centreLps, box.centreLps)}` : ''
    return sliceWords(box, report.geometry.sliceCount) + offset + partly
  }
  if (call === 'fracture') return `place not known${partly}`
  if (call === 'not-assessable') {
    if (report.status === 'not-analysable') return 'study not analysable'
    return centreLps ? 'in view, but not complete enough to judge' : 'not found in the field of view'
  }
  return inView === 'partly' ? 'only partly in view' : ''
}

/** The verdict on the patient in words. A study that was not judged is never called negative. */
export function verdict(report: Report): {
  readonly tone: Call
  readonly headline: string
  readonly detail: string
} {
  if (report.status === 'not-analysable') {
    const reasons = report.findings.filter((f) => f.severity === 'blocking').map((f) => f.message)
    const detail = ['This says nothing about whether there is a fracture.', ...reasons].join(' ')
    return { tone: 'not-assessable', headline: 'Not analysable', detail }
  }
  const levelsOf = (call: Call) => report.vertebrae.filter((v) => v.call === call).map((v) => v.level)
  const flagged = levelsOf('fracture').join(', ')
  const unjudged = levelsOf('not-assessable').join(', ')
  const levels =
    flagged === '' ? 'No vertebra reaches its own threshold.' : `Above their own thresholds: ${flagged}.`
  const gaps = unjudged === '' ? '' : ` Not assessed: ${unjudged}.`
  const { call } = report.patient
  if (call === 'not-assessable') {
    const detail = `The study as a whole was not judged. ${flagged === '' ? '' : levels}${gaps}`
    return { tone: call, headline: 'Not assessable', detail }
  }
  if (call === 'fracture') return { tone: call, headline: 'Fracture suspected', detail: levels + gaps }
  if (flagged !== '') {
    const detail = `${levels} The patient as a whole stays below its threshold.${gaps}`
    return { tone: 'fracture', headline: `Fracture suspected in ${flagged}`, detail }
  }
  const scope = unjudged === '' ? '' : ' in the levels that were judged'
  return { tone: call, headline: `No fracture flagged${scope}`, detail: levels + gaps }
}
