/**
 * Are the levels right? Compares the vertebra centres of reports with expert or phantom masks.
 *
 *   node bench/levels.ts --set RSNA_DIR --reports OUT_DIR
 *
 * A vertebra of C1-C7 whose mask is in view counts as right when the report puts the same level nearer to its centre
 * than half the distance to its neighbours. Vertebrae that the report does not name count as wrong.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  boundsLps,
  describeVertebrae,
  type Grid,
  LEVELS,
  type Report,
  readNiftiLabels,
  resampleLabels,
} from '@neckfrac/core'

const { values } = parseArgs({ options: { set: { type: 'string' }, reports: { type: 'string' } } })
if (!values.set || !values.reports)
  throw new Error('usage: node bench/levels.ts --set RSNA_DIR --reports OUT_DIR')

/** Of the 15 mm between two cervical vertebrae. */
const HALF_LEVEL_MM = 7.5
const right: Record<string, number> = {}
const total: Record<string, number> = {}
const chains = { exact: 0, studies: 0 }

for (const uid of (await readdir(values.reports)).sort()) {
  const text = await readFile(join(values.reports, uid, 'report.json'), 'utf8').catch(() => null)
  if (text === null) continue
  const report = JSON.parse(text) as Report
  const truth = await truthOf(join(values.set, 'segmentations', `${report.studyInstanceUid}.nii`))
  let wrong = 0
  for (const { label, centreLps } of truth) {
    const level = LEVELS[label - 1]
    if (!level) continue
    const found = report.vertebrae.find((v) => v.level === level)?.centreLps
    // Along the body: the axis on which levels are counted.
    const ok = !!found && Math.abs(found[2] - centreLps[2]) < HALF_LEVEL_MM
    total[level] = (total[level] ?? 0) + 1
    right[level] = (right[level] ?? 0) + (ok ? 1 : 0)
    if (!ok) wrong++
  }
  chains.studies++
  if (wrong === 0) chains.exact++
  else console.log(`${uid}: ${wrong} of ${truth.length} wrong or missing`)
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0)
for (const level of LEVELS) console.log(`${level}  ${right[level] ?? 0} of ${total[level] ?? 0}`)
console.log(`all ${sum(right)} of ${sum(total)} (${((100 * sum(right)) / sum(total)).toFixed(1)} %)`)
console.log(`chains without an error: ${chains.exact} of ${chains.studies} studies`)

/** Vertebrae of a mask, measured as the segmenter's are: on a grid of 4 x 2 x 2 mm. */
async function truthOf(path: string) {
  const labels = await readNiftiLabels(await readFile(path))
  const { min, max } = boundsLps(labels)
  const count = (axis: number, stepMm: number) => 1 + Math.floor((max[axis] - min[axis]) / stepMm)
  const grid: Grid = {
    shape: [count(0, 4), count(2, 2), count(1, 2)],
    // Grid axes: front to back, head to feet, right to left, as the segmenter's.
    ijkToLps: [0, 0, 4, min[0], 2, 0, 0, min[1], 0, -2, 0, max[2], 0, 0, 0, 1],
  }
  return describeVertebrae({ ...grid, data: resampleLabels(labels, grid) })
}
