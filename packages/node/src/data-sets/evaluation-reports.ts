import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import {
  type CaseContext,
  caseOfReport,
  compareCentres,
  failedCase,
  groupBoxes,
  hullOfSlices,
  LEVELS,
  type NamedPoint,
  NeckFracError,
  type Report,
  readNiftiLabels,
  type StudyCase,
  scanOfPhantom,
  type Thresholds,
  type TruthFacts,
  truthOfPhantom,
  vertebraeOfMask,
} from '@neckfrac/core'
import { listRsnaStudies, type RsnaStudy } from './rsna-folder.ts'

type PhantomFacts = TruthFacts & { readonly uid: string; readonly seed?: number; readonly preset?: string }

/** Puts the reports of a run beside the truth of a data set in RSNA's layout. A study without a report counts as failed. */
export async function casesOfReports(
  reportFolder: string,
  data: string,
): Promise<{ cases: StudyCase[]; point: NamedPoint; bundles: string[]; remarks: string[] }> {
  const studies = await listRsnaStudies(data)
  const reports = await readReports(reportFolder)
  const errors = await readErrors(reportFolder)
  const phantoms = new Map((await readTruth(data)).map((p) => [p.uid, p]))
  const cases: StudyCase[] = []
  for (const study of studies) {
    const report = reports.get(study.uid)
    const phantom = phantoms.get(study.uid)
    const context: CaseContext = {
      ...(phantom
        ? {
            truth: truthOfPhantom(phantom, (index) => index + 1),
            family: phantom.family ?? null,
            seed: phantom.seed ?? null,
            preset: phantom.preset ?? null,
            scan: scanOfPhantom(phantom),
          }
        : { truth: truthOfFolder(study) }),
      labels: null,
      sliceNumber: fileNumber,
    }
    if (!report) {
      cases.push(failedCase(study.uid, errors.get(study.uid) ?? 'no report', context))
      continue
    }
    const mask = study.mask ? readNiftiLabels(await readFile(study.mask), study.mask) : null
    const labels = mask && compareCentres(vertebraeOfMask(mask), report)
    cases.push(caseOfReport(report, { ...context, labels }))
  }
  const matched = studies.flatMap((s) => reports.get(s.uid) ?? [])
  if (matched.length === 0)
    throw new NeckFracError(
      'data',
      `No study is in both: ${reports.size} reports in ${reportFolder}, ${studies.length} labelled in ${data}.`,
    )
  const extra = [...reports.keys()].filter((uid) => !studies.some((s) => s.uid === uid))
  return {
    cases,
    point: pointOf(matched[0]),
    bundles: [...new Set(matched.map((r) => `Bundle ${r.bundle.name} ${r.bundle.version}`))],
    remarks:
      extra.length === 0
        ? []
        : [`${extra.length} reports are of studies without labels, not scored: ${extra[0]}`],
  }
}

/** RSNA names slices by their files; a box lies where its slices' files lie. */
function fileNumber(_: number, path: string): number {
  const stem = basename(path).replace(/\.[^.]*$/, '')
  if (!/^\d+$/.test(stem))
    throw new NeckFracError('data', `"${path}" is no slice of RSNA's layout: no number.`)
  return Number(stem)
}

/** Findings of a data set that draws boxes but names no vertebra: boxes on neighbouring slices that overlap are one. */
function truthOfFolder({ fractured, boxes }: RsnaStudy): StudyCase['truth'] {
  const isFractured = LEVELS.some((l) => fractured[l])
  const findings = groupBoxes(boxes.map(({ slice, ...b }) => ({ ...b, sliceIndex: Number(slice) }))).map(
    (own) => ({
      level: null,
      type: null,
      severity: null,
      box: hullOfSlices(own),
    }),
  )
  return {
    fractured: { ...fractured },
    // RSNA drew boxes for a part of its fractured studies only.
    fractures: isFractured && findings.length === 0 ? null : findings,
    lookAlikes: null,
  }
}

/** The thresholds that a report was judged by. */
function pointOf({ vertebrae, patient, bundle }: Report): NamedPoint {
  const thresholds = Object.fromEntries([
    ...vertebrae.map((v) => [v.level, v.threshold]),
    ['patient', patient.threshold],
  ]) as Thresholds
  return { name: bundle.operatingPoint, aim: bundle.operatingPoint, thresholds }
}

/** report.json of every study below a folder, by study. */
export async function readReports(folder: string): Promise<Map<string, Report>> {
  const reports = new Map<string, Report>()
  for (const name of (await listFolder(folder)).sort()) {
    const file = join(folder, name, 'report.json')
    if (!existsSync(file)) continue
    const report = JSON.parse(await readFile(file, 'utf8')) as Report
    if (report.schemaVersion !== 1 || !Array.isArray(report.vertebrae))
      throw new NeckFracError('data', `${file} is no report of this version.`)
    reports.set(report.studyInstanceUid, report)
  }
  if (reports.size === 0) throw new NeckFracError('data', `${folder} holds no */report.json.`)
  return reports
}

const listFolder = (folder: string): Promise<string[]> =>
  readdir(folder).catch((cause: unknown) => {
    throw new NeckFracError('data', `${folder} cannot be read; check the path.`, { cause })
  })

/** Errors of run.json by study. */
async function readErrors(folder: string): Promise<Map<string, string>> {
  const text = await readFile(join(folder, 'run.json'), 'utf8').catch(() => null)
  if (text === null) return new Map()
  const { outcomes = [] } = JSON.parse(text) as {
    outcomes?: { study: string | null; source: string; error?: string }[]
  }
  return new Map(
    outcomes.flatMap(({ study, source, error }) =>
      error === undefined ? [] : [[study ?? basename(source), error] as const],
    ),
  )
}

async function readTruth(data: string): Promise<PhantomFacts[]> {
  const text = await readFile(join(data, 'truth.json'), 'utf8').catch(() => null)
  if (text === null) return []
  return (JSON.parse(text) as { studies?: PhantomFacts[] }).studies ?? []
}
