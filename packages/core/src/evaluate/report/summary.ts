import type { Part } from '../assessment.ts'
import { toEvaluationTable } from '../evaluation-table.ts'
import type { Estimate } from '../metrics/estimate.ts'
import { seconds } from './cells.ts'

/** A part as text for a terminal: the table of old, and what it cannot hold. */
export function toSummary(part: Part, synthetic: string | null): string {
  const [point] = part.points
  const of = (name: string) => part.questions.find((q) => q.name === name)
  const { studies, boxes, labelling, times } = part
  const one = boxes?.model.sensitivities.find((s) => s.falseBoxes === 1)?.sensitivity
  const lines: readonly (readonly [string, string])[] = [
    ['AUC, patient', number(of('patient')?.auc)],
    ['AUC, vertebrae', number(of('vertebrae')?.auc)],
    ['F2 gained over always positive', number(point.clustered.patient.f2Gain)],
    ['boxes found at 1 false box a scan', number(one)],
    ['boxes found, mean of 0.5 to 8', number(boxes?.model.mean)],
    ['level labels right', number(labelling?.rightByPatient)],
    ['mean Dice', number(labelling?.dice)],
    ['time a study, p50 and p95', times[0] ? `${seconds(times[0].p50Ms)}, ${seconds(times[0].p95Ms)}` : '–'],
  ]
  return [
    `${part.title}: ${studies.total} studies, ${studies.fractured} fractured; ${studies.analysed} analysed, ${studies.notAnalysable} not analysable, ${studies.failed} failed. Operating point ${point.name}.`,
    '',
    toEvaluationTable(point.evaluation, { synthetic }),
    `95 % intervals of patients drawn anew${synthetic === null ? '' : ', synthetic'}:`,
    ...lines.map(([name, value]) => `${name.padEnd(36)}${value}`),
    '',
  ].join('\n')
}

const number = (e: Estimate | null | undefined): string =>
  e
    ? `${e.value.toFixed(3)}${e.interval ? ` [${e.interval.low.toFixed(3)} ${e.interval.high.toFixed(3)}]` : ''}`
    : '–'
