import type { Stage } from './analyze.ts'
import type { Level } from './levels.ts'
import type { Call, Report } from './report/report.ts'
import type { Skipped } from './series/study.ts'
import type { Vec3 } from './volume/geometry.ts'

/** What the pages know of a study before it is opened, and the row of the work list. */
export type StudyEntry = {
  /** Stable within the service; safe in a URL's fragment. */
  readonly id: string
  /** As the files say: PatientName or the file's name. Untrusted text: shown, never parsed. */
  readonly patient: string
  readonly description: string
  readonly studyInstanceUid: string
  /** Where it came from: a path, a folder's name, "synthetic patient 2028". */
  readonly source: string
  readonly status: StudyStatus
  /** Present once it was judged. */
  readonly summary: StudySummary | null
}

/** Where a study stands. */
export type StudyStatus =
  | { readonly kind: 'waiting' }
  /** A synthetic patient comes into being. */
  | { readonly kind: 'making' }
  /** Files, or slices, so far; total 0 while it is not known. */
  | { readonly kind: 'reading'; readonly done: number; readonly total: number }
  /** The images are here, the networks are not. `note`: what they wait for; empty when nothing is known. */
  | { readonly kind: 'preparing'; readonly note: string }
  /** `fraction` of the whole analysis, 0..1, as honest as it can be. `note`: e.g. "WebGPU", "WASM, 4 threads". */
  | {
      readonly kind: 'analysing'
      readonly stage: Exclude<Stage, 'read' | 'prepare'>
      readonly fraction: number
      readonly note?: string
    }
  | { readonly kind: 'done' }
  /** The reason is the first blocking finding. */
  | { readonly kind: 'not-analysable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'cancelled' }

export type StudySummary = {
  /** patient_overall, 0..1; null when not analysable. */
  readonly probability: number | null
  /** The patient's call at the operating point of the report. */
  readonly call: Call
  /** The vertebra with the highest probability. */
  readonly worst: { readonly level: Level; readonly probability: number } | null
  readonly sliceCount: number
  /** From the first file read to the report, as the report's timings add up. */
  readonly elapsedMs: number
  /** ISO 8601, UTC. */
  readonly createdAt: string
}

export type StudyList = {
  readonly studies: readonly StudyEntry[]
  /** Files that belong to no study, and why. */
  readonly skipped: readonly Skipped[]
  /** Which networks judge here; null while they load. */
  readonly model: ModelIdentity | null
}

export type ModelIdentity = {
  readonly name: string
  readonly version: string
  readonly trainedOn: string
  readonly operatingPoint: string
}

type Judged = Pick<Report, 'createdAt' | 'timingsMs'> & {
  readonly patient: Pick<Report['patient'], 'probability' | 'call'>
  readonly geometry: Pick<Report['geometry'], 'sliceCount'>
  readonly vertebrae: readonly Pick<Report['vertebrae'][number], 'level' | 'probability'>[]
}

/** Sorted by probability; what was not judged comes last. */
export const mostSuspiciousFirst = <V extends { readonly probability: number | null }>(
  vertebrae: readonly V[],
): V[] => [...vertebrae].sort((a, b) => (b.probability ?? -1) - (a.probability ?? -1))

type Placed = Pick<Report['vertebrae'][number], 'probability' | 'centreLps'> & {
  readonly box: { readonly centreLps: Vec3 } | null
  readonly candidates?: readonly { readonly centreLps: Vec3 }[] | undefined
}

/** Where a vertebra is most suspicious: its finding, else its best candidate, else its centre; null when it is not in view. LPS, mm. */
export const suspiciousPlace = ({ box, candidates, centreLps }: Placed): Vec3 | null =>
  box?.centreLps ?? candidates?.[0]?.centreLps ?? centreLps

/** Where a reader looks first: at the most suspicious vertebra in view. LPS, mm. */
export const firstPlace = (vertebrae: readonly Placed[]): Vec3 | null =>
  mostSuspiciousFirst(vertebrae)
    .map(suspiciousPlace)
    .find((place) => place !== null) ?? null

/** Whether something of the study is still to come. */
export const isUnderWay = ({ kind }: StudyStatus): boolean =>
  ['waiting', 'making', 'reading', 'preparing', 'analysing'].includes(kind)

/** Whether there is something to show. */
export const canOpen = ({ status: { kind } }: Pick<StudyEntry, 'status'>): boolean =>
  kind === 'done' || kind === 'not-analysable'

/** The row of a judged study. */
export function summarize({ vertebrae, patient, geometry, timingsMs, createdAt }: Judged): StudySummary {
  const judged = vertebrae.flatMap(({ level, probability }) =>
    probability === null ? [] : [{ level, probability }],
  )
  const [worst = null] = mostSuspiciousFirst(judged)
  const elapsedMs = Object.values(timingsMs).reduce((sum, ms) => sum + ms, 0)
  const { probability, call } = patient
  return { probability, call, worst, sliceCount: geometry.sliceCount, elapsedMs, createdAt }
}

/** Where a study stands once it has a report. */
export function statusOf({ status, findings }: Pick<Report, 'status' | 'findings'>): StudyStatus {
  if (status === 'analysed') return { kind: 'done' }
  const reason = findings.find((f) => f.severity === 'blocking')?.message ?? 'see the findings'
  return { kind: 'not-analysable', reason }
}

/** An error's words without the source before them: the list shows the source beside. */
export function reasonOf(error: unknown, source: string): string {
  let reason = error instanceof Error ? error.message : String(error)
  while (reason.startsWith(`${source}: `)) reason = reason.slice(source.length + 2)
  return reason
}

/** A name as a reader writes it: DICOM's family^given parts, or what else identifies the study. */
export function displayName(patientName: string, fallback: string): string {
  const parts = patientName
    .split('=')[0]
    .split('^')
    .map((part) => part.trim())
  const [family, ...others] = parts
  const rest = others.filter((part) => part !== '').join(' ')
  const name = rest === '' ? family : family === '' ? rest : `${family}, ${rest}`
  return name || fallback || 'unnamed'
}
