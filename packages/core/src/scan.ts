import { mapConcurrently } from './concurrency.ts'
import { type ReadInstance, readInstance } from './dicom/header.ts'
import type { Instance } from './dicom/instance.ts'
import { NeckFracError } from './errors.ts'
import { isNiftiPath, probeNiftiCt } from './nifti/probe.ts'
import type { Codecs, Signal, Source, SourceFile } from './ports.ts'
import { chooseSeries } from './series/choose.ts'
import { groupSeries, type Series } from './series/group.ts'
import { degreesFromAxial, type Plane, planeOf } from './series/plane.ts'
import { type CompiledRules, compileRules, isDerived } from './series/rules.ts'
import { defaultSeriesRules, type SeriesRules } from './series/rules-file.ts'
import type { Finding, SeriesSummary, Skipped } from './series/study.ts'
import { spacingMm } from './volume/geometry.ts'
import type { Grid } from './volume/volume.ts'

/** What can be read as one study; or, with content null, a study that cannot, and why. */
export type StudyCandidate = {
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly patientId: string
  readonly patientName: string
  readonly description: string
  readonly series: readonly SeriesSummary[]
  readonly skipped: readonly Skipped[]
  /** null when no series can be read as a neck CT; `series` says why. */
  readonly content: StudyContent | null
}

export type StudyContent =
  | {
      readonly kind: 'dicom'
      readonly plane: Plane
      readonly slices: readonly { readonly instance: Instance; readonly file: SourceFile }[]
      readonly findings: readonly Finding[]
    }
  | { readonly kind: 'nifti'; readonly file: SourceFile }

export type ReadProgress = { readonly stage: 'scan' | 'read'; readonly done: number; readonly total: number }

export type ScanOptions = {
  /** Given, a series in a transfer syntax that none of them decodes is not chosen. */
  readonly codecs?: Codecs
  /** A site's own rules that choose the series; the default ones when absent. */
  readonly rules?: SeriesRules | undefined
  readonly signal?: Signal
  readonly onProgress?: (progress: ReadProgress) => void
}

export type Scan = {
  /** Studies with a series to read. */
  readonly studies: readonly StudyCandidate[]
  /** Studies of images without one. */
  readonly refused: readonly StudyCandidate[]
  /** Files that belong to no study. */
  readonly skipped: readonly Skipped[]
}

/** Files whose headers are read at a time. */
const CONCURRENCY = 8

/** Studies of a source that can be read. @throws NeckFracError input when there is none */
export async function scanSource(source: Source, options: ScanOptions = {}): Promise<Scan> {
  const scan = await surveySource(source, options)
  if (scan.studies.length === 0) throw new NeckFracError('input', describeNothing(source.name, scan))
  return scan
}

/** Every study of a source in one list, those that can be read first. @throws NeckFracError input when it holds no images */
export async function listCandidates(
  source: Source,
  options: ScanOptions = {},
): Promise<Pick<Scan, 'skipped'> & { readonly candidates: readonly StudyCandidate[] }> {
  const scan = await surveySource(source, options)
  const candidates = [...scan.studies, ...scan.refused]
  if (candidates.length === 0) throw new NeckFracError('input', describeNothing(source.name, scan))
  return { candidates, skipped: scan.skipped }
}

/** What a study tells before it is read. */
export type StudyIdentity = Pick<
  StudyCandidate,
  'studyInstanceUid' | 'seriesInstanceUid' | 'patientName' | 'patientId' | 'description'
>

export const identityOf = ({
  studyInstanceUid,
  seriesInstanceUid,
  patientName,
  patientId,
  description,
}: StudyIdentity): StudyIdentity => ({
  studyInstanceUid,
  seriesInstanceUid,
  patientName,
  patientId,
  description,
})

/** All that a source holds, readable or not. Reads headers only. */
export async function surveySource(source: Source, options: ScanOptions = {}): Promise<Scan> {
  const { signal, onProgress } = options
  const files = await source.files()
  const skipped: Skipped[] = []
  const niftis: NiftiFile[] = []
  const byStudy = new Map<string, { instance: Instance; file: SourceFile }[]>()
  let done = 0
  const contents = await mapConcurrently(files, CONCURRENCY, async (file) => {
    signal?.throwIfAborted()
    const content = await identify(file)
    onProgress?.({ stage: 'scan', done: ++done, total: files.length })
    return content
  })
  for (const [i, content] of contents.entries()) {
    const file = files[i]
    if (content.kind === 'skip') skipped.push(content.skipped)
    else if (content.kind === 'nifti') niftis.push({ file, grid: content.grid })
    else {
      const uid = content.instance.studyInstanceUid
      const images = byStudy.get(uid) ?? []
      for (const instance of content.instances) images.push({ instance, file })
      byStudy.set(uid, images)
    }
  }
  const rules = compileRules(options.rules ?? defaultSeriesRules())
  const candidates = [...byStudy.values()].map((images) => describeStudy(images, rules, options.codecs))
  const studies = [...candidates.filter(({ content }) => content !== null), ...describeNiftis(niftis)]
  const refused = candidates.filter(({ content }) => content === null)
  // The report of a lone study tells the whole story of the folder it lay in.
  const [only] = studies
  if (studies.length !== 1) return { studies, refused, skipped }
  const series = [...only.series, ...refused.flatMap((study) => study.series)]
  const others = [...skipped, ...refused.flatMap((study) => study.skipped)]
  return { studies: [{ ...only, series, skipped: [...only.skipped, ...others] }], refused, skipped }
}

type Identified = ReadInstance | { readonly kind: 'nifti'; readonly grid: Grid }

async function identify(file: SourceFile): Promise<Identified> {
  if (!isNiftiPath(file.path)) return readInstance(file)
  try {
    return { kind: 'nifti', grid: await probeNiftiCt(file) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'skip', skipped: { path: file.path, reason: message.replace(`${file.path}: `, '') } }
  }
}

function describeStudy(
  images: readonly { readonly instance: Instance; readonly file: SourceFile }[],
  rules: CompiledRules,
  codecs: Codecs | undefined,
): StudyCandidate {
  const { series, skipped } = groupSeries(images.map(({ instance }) => instance))
  const { chosen, summaries } = chooseSeries(series, { codecs, rules })
  const first = chosen?.instances[0] ?? images[0].instance
  const fileOf = new Map(images.map(({ instance, file }) => [instance, file]))
  const content =
    chosen === null
      ? null
      : {
          kind: 'dicom' as const,
          plane: planeOf(chosen.normal),
          slices: chosen.instances.map((instance) => ({ instance, file: fileOf.get(instance)! })),
          findings: findingsOf(chosen),
        }
  return {
    studyInstanceUid: first.studyInstanceUid || 'unnamed-study',
    seriesInstanceUid: chosen?.seriesInstanceUid ?? '',
    patientId: first.patientId,
    patientName: first.patientName,
    description: first.studyDescription || (chosen === null ? '' : first.seriesDescription),
    series: summaries,
    skipped,
    content,
  }
}

/** What the choice of this series means for the reading. */
function findingsOf(series: Series): readonly Finding[] {
  const findings: Finding[] = []
  const warn = (code: string, message: string) => findings.push({ code, severity: 'warning', message })
  if (isDerived(series))
    warn(
      'derived-series',
      'Only a series derived from other images was there to read; fine fractures may be smoothed away.',
    )
  const lossy = series.instances.filter((instance) => instance.lossy).length
  if (lossy > 0)
    warn(
      'lossy-compressed',
      `${lossy} of ${series.instances.length} images were compressed with loss; fine fracture lines may be gone or made up.`,
    )
  const plane = planeOf(series.normal)
  if (plane !== 'axial')
    warn(
      'not-axial',
      `The series read is ${plane}, ${Math.round(degreesFromAxial(series.normal))} degrees from axial; it was resampled for networks that learned from axial slices.`,
    )
  return findings
}

type NiftiFile = { readonly file: SourceFile; readonly grid: Grid }

/** One study each; named by the file, or by its whole path where names repeat. */
function describeNiftis(niftis: readonly NiftiFile[]): readonly StudyCandidate[] {
  const stemOf = (path: string) => path.replace(/\.nii(\.gz)?$/i, '')
  const nameOf = (path: string) => stemOf(path).split('/').at(-1) ?? path
  const byName = Map.groupBy(niftis, ({ file }) => nameOf(file.path))
  return niftis.map(({ file, grid }) => {
    const isUnique = byName.get(nameOf(file.path))?.length === 1
    const name = isUnique ? nameOf(file.path) : stemOf(file.path).replaceAll('/', '-')
    return {
      studyInstanceUid: name,
      seriesInstanceUid: name,
      patientId: name,
      patientName: '',
      description: file.path,
      series: [summarizeNifti(name, grid)],
      skipped: [],
      content: { kind: 'nifti', file },
    }
  })
}

function summarizeNifti(uid: string, { shape, ijkToLps }: Grid): SeriesSummary {
  return {
    seriesInstanceUid: uid,
    description: 'NIfTI volume',
    modality: 'CT',
    plane: 'axial',
    sliceCount: shape[0],
    rows: shape[1],
    columns: shape[2],
    spacingMm: [...spacingMm(ijkToLps)],
    kernel: '',
    reason: 'a NIfTI file is a study of its own, and this one is in Hounsfield units',
    chosen: true,
  }
}

function describeNothing(name: string, { refused, skipped }: Scan): string {
  const reasons = [
    ...refused.flatMap((study) =>
      study.series.map((s) => `series "${s.description}" (${s.sliceCount} images): ${s.reason}`),
    ),
    ...countReasons([...skipped, ...refused.flatMap((study) => study.skipped)]),
  ]
  const shown = reasons.slice(0, 8).map((reason) => `\n  ${reason}`)
  const more = reasons.length > shown.length ? `\n  and ${reasons.length - shown.length} more` : ''
  const why = reasons.length === 0 ? ' The source holds no files.' : `${shown.join('')}${more}`
  return `${name}: no CT series of a neck that can be read.${why}`
}

/**
 * Skipped files by reason, the most frequent first: "12 files: not a DICOM file (e.g. notes.txt)".
 * @param options.paths False leaves out the files' names, which often hold those of patients.
 */
export function countReasons(skipped: readonly Skipped[], { paths = true } = {}): readonly string[] {
  return [...Map.groupBy(skipped, ({ reason }) => reason)]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([reason, files]) => {
      if (files.length === 1) return `${paths ? files[0].path : '1 file'}: ${reason}`
      return `${files.length} files: ${reason}${paths ? ` (e.g. ${files[0].path})` : ''}`
    })
}
