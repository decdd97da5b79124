import type { Scores } from '../../decide/decide.ts'
import { LEVELS, type Level } from '../../levels.ts'
import type { Candidate, Report } from '../../report/report.ts'
import type { Segmentation } from '../../segment/segmentation.ts'
import { invert, transform, type Vec3 } from '../../volume/geometry.ts'
import type { Grid } from '../../volume/volume.ts'
import type { Box3, CaseTruth, JudgedVertebra, LabelledVertebra, StudyCase } from './study-case.ts'

export type CaseContext = {
  readonly truth: CaseTruth
  readonly labels: readonly LabelledVertebra[] | null
  readonly family?: string | null
  readonly seed?: number | null
  readonly preset?: string | null
  readonly scan?: Partial<StudyCase['scan']>
  /** Number of a slice in the space of the truth's boxes; its place in the volume when it is left out. */
  readonly sliceNumber?: (sliceIndex: number, path: string) => number
  /** Bounding boxes of the labelled vertebrae, where they are known. */
  readonly extents?: Readonly<Partial<Record<Level, Box3>>>
}

/** Puts a report beside the truth. */
export function caseOfReport(report: Report, context: CaseContext): StudyCase {
  const analysed = report.status === 'analysed'
  const series = report.series.find((s) => s.chosen)
  return {
    ...identityOf(report.studyInstanceUid, context),
    status: report.status,
    reasons: report.findings.filter((f) => f.severity === 'blocking').map((f) => f.code),
    scan: {
      sliceMm: context.scan?.sliceMm ?? report.geometry.spacingMm[2],
      noiseHu: context.scan?.noiseHu ?? null,
      kernel: context.scan?.kernel ?? (series?.kernel || null),
    },
    vertebrae: analysed ? report.vertebrae.flatMap((v) => judgedVertebra(v, context) ?? []) : [],
    patient: analysed ? report.patient.probability : null,
    timingsMs: { ...report.timingsMs },
  }
}

/** A study that gave no report. */
export function failedCase(uid: string, reason: string, context: CaseContext): StudyCase {
  return {
    ...identityOf(uid, { ...context, labels: null }),
    status: 'failed',
    reasons: [reason],
    scan: { sliceMm: null, noiseHu: null, kernel: null, ...context.scan },
    vertebrae: [],
    patient: null,
    timingsMs: {},
  }
}

const identityOf = (uid: string, context: CaseContext) => ({
  uid,
  family: context.family ?? null,
  seed: context.seed ?? null,
  preset: context.preset ?? null,
  truth: context.truth,
  labels: context.labels && [...context.labels],
})

function judgedVertebra(v: Report['vertebrae'][number], context: CaseContext): JudgedVertebra | null {
  const { probability } = v
  if (probability === null) return null
  const number = context.sliceNumber ?? ((index: number) => index)
  return {
    level: v.level,
    probability,
    scores: scoresOf(v),
    candidates:
      v.candidates?.map((c) => ({
        box: boxOf(c, number),
        heat: probability === 0 ? 0 : c.score / probability,
      })) ?? null,
    extent: context.extents?.[v.level] ?? null,
  }
}

/** Raw scores that a report's vertebra was judged by; null in one that names no models. */
export function scoresOf({ models: { slices, sequence } }: Report['vertebrae'][number]): Scores | null {
  if (slices === undefined || sequence === undefined) return null
  return { slices: logit(slices), sequence: logit(sequence) }
}

/** Of a probability that the sigmoid of a float32 gave; its ends are a logit of 36. */
const logit = (p: number): number => {
  const inside = Math.min(Math.max(p, 1e-16), 1 - 1.2e-16)
  return Math.log(inside) - Math.log1p(-inside)
}

function boxOf(c: Candidate, number: (sliceIndex: number, path: string) => number): Box3 {
  const [a, b] = [number(c.firstSlice, c.firstPath), number(c.lastSlice, c.lastPath)]
  return {
    from: [c.x, c.y, Math.min(a, b)],
    to: [c.x + c.width, c.y + c.height, Math.max(a, b) + 1],
  }
}

/** Bounding boxes of the labelled cervical vertebrae in the voxel space of a volume. */
export function extentsOf({ vertebrae }: Segmentation, volume: Grid): Partial<Record<Level, Box3>> {
  const toIjk = invert(volume.ijkToLps)
  return Object.fromEntries(
    vertebrae.flatMap(({ label, minLps, maxLps }) => {
      const level = LEVELS[label - 1]
      if (!level) return []
      const at = [minLps, maxLps]
      const corners = [0, 1, 2, 3, 4, 5, 6, 7].map(
        (c): Vec3 => transform(toIjk, [at[c & 1][0], at[(c >> 1) & 1][1], at[(c >> 2) & 1][2]]),
      )
      const ends = (pick: (...values: number[]) => number) =>
        [0, 1, 2].map((axis) => pick(...corners.map((p) => p[axis]))) as Box3['from']
      return [[level, { from: ends(Math.min), to: ends(Math.max) }]]
    }),
  )
}
