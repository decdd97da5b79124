import { html, type Markup, NOTHING } from '../../report/markup.ts'
import type { Part } from '../assessment.ts'
import { type Interval, toEstimate } from '../metrics/estimate.ts'
import { type Cell, estimate, FEW, number, share, table } from './cells.ts'

const withAuc = (auc: number | null, interval: Interval | null): Markup =>
  estimate(toEstimate(auc, interval), 2)

/** What the results depend on: properties of the scan, of the fracture, and of what looks like one. */
export function breakdownTables({ breakdowns, points }: Part): Markup {
  const at = `at ${points[0].name}`
  const groups = table(
    [
      '',
      'studies (analysed)',
      'patient AUC',
      'sensitivity',
      'specificity',
      'F2 (all +)',
      'vertebra AUC',
      'sensitivity',
      'specificity',
      'F2 (all +)',
    ],
    breakdowns.groups.flatMap(({ by, rows }): (readonly Cell[])[] => [
      [`By ${by}`],
      ...rows.map((r): Cell[] => [
        r.value,
        `${r.studies} (${r.analysed})`,
        withAuc(r.patient.auc, r.aucInterval.patient),
        share(r.patient.recall, 2),
        share(r.patient.specificity, 2),
        `${number(r.patient.f2, 2)} (${number(r.alwaysPositive.patient, 2)})`,
        withAuc(r.vertebrae.auc, r.aucInterval.vertebrae),
        share(r.vertebrae.recall, 2),
        share(r.vertebrae.specificity, 2),
        `${number(r.vertebrae.f2, 2)} (${number(r.alwaysPositive.vertebrae, 2)})`,
      ]),
    ]),
  )
  const fractures = breakdowns.fractures.map(
    ({ by, rows }) =>
      html`<div><h4>By ${by}</h4>${table(
        ['', 'fractures', 'vertebra called', 'box at 1 false box a scan'],
        rows.map((r): Cell[] => [r.value, r.count, share(r.called, 2), share(r.boxed, 2)]),
      )}</div>`,
  )
  const lookAlikes = breakdowns.lookAlikes.map(
    ({ by, rows }) =>
      html`<div><h4>By ${by}</h4>${table(
        ['', 'n', 'called a fracture'],
        rows.map((r): Cell[] => [r.value, r.count, share(r.called, 3)]),
      )}</div>`,
  )
  return html`<h3>What the results depend on, ${at}</h3>
<p class="note">Brackets: 95 % intervals, of AUC patients drawn anew, else Wilson. All +: always positive, which has sensitivity 1 and specificity 0 in every row and calls every fracture and every look-alike; a guess has AUC 0.5. ${FEW}</p>
${breakdowns.groups.length > 0 ? html`<div class="dense">${groups}</div>` : NOTHING}
${fractures.length > 0 ? html`<h3>Sensitivity by fracture</h3><div class="figures">${fractures}</div>` : NOTHING}
${lookAlikes.length > 0 ? html`<h3>False alarms and what looks like a fracture</h3><div class="figures">${lookAlikes}</div>` : NOTHING}`
}
