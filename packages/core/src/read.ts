import type { Instance } from './dicom/instance.ts'
import { createPixelReader, whyUnreadable } from './dicom/pixels.ts'
import { NeckFracError } from './errors.ts'
import { orderAxes } from './nifti/axes.ts'
import { AIR_BELOW_HU, readNifti } from './nifti/read.ts'
import type { Codecs, Signal, SourceFile } from './ports.ts'
import type { ReadProgress, StudyCandidate, StudyContent } from './scan.ts'
import type { Finding, Study } from './series/study.ts'
import { buildVolume } from './volume/build.ts'
import type { Volume } from './volume/volume.ts'

export type ReadOptions = {
  /** Decoders of compressed pixels by transfer syntax; without them only uncompressed images are read. */
  readonly codecs?: Codecs
  readonly signal?: Signal
  readonly onProgress?: (progress: ReadProgress) => void
  /** Memory for the images of a DICOM study, of this many voxels, with whatever in it; new memory when absent. */
  readonly createStack?: (voxels: number) => Int16Array
}

/** Reads the chosen series of a study into one HU volume. @throws NeckFracError input */
export async function readStudy(candidate: StudyCandidate, options: ReadOptions = {}): Promise<Study> {
  const { content } = candidate
  if (content === null) {
    const reasons = candidate.series.map((s) => `"${s.description}" (${s.sliceCount} images): ${s.reason}`)
    throw new NeckFracError(
      'input',
      `no series to read: ${reasons.join('; ')} (study ${candidate.studyInstanceUid})`,
    )
  }
  const { studyInstanceUid, seriesInstanceUid, patientId, description } = candidate
  const identity = { studyInstanceUid, seriesInstanceUid, patientId, description }
  if (content.kind === 'dicom') return { ...identity, ...(await readDicom(content, candidate, options)) }

  options.onProgress?.({ stage: 'read', done: 0, total: 1 })
  const volume = readNifti(await content.file.read(), content.file.path)
  options.signal?.throwIfAborted()
  options.onProgress?.({ stage: 'read', done: 1, total: 1 })
  const { series, skipped } = candidate
  return { ...identity, volume, plane: 'axial', slices: [], series, findings: [], skipped }
}

async function readDicom(
  content: StudyContent & { readonly kind: 'dicom' },
  candidate: StudyCandidate,
  { codecs = {}, signal, onProgress, createStack }: ReadOptions,
) {
  // Not by path: an archive may hold one twice.
  const files = new Map<Instance, SourceFile>(content.slices.map(({ instance, file }) => [instance, file]))
  const judged = content.slices.map(({ instance }) => ({ instance, reason: whyUnreadable(instance, codecs) }))
  const readable = judged.filter(({ reason }) => reason === null).map(({ instance }) => instance)
  const unreadable = judged.flatMap(({ instance, reason }) =>
    reason === null ? [] : [{ path: instance.path, reason }],
  )
  if (readable.length === 0)
    throw new NeckFracError(
      'input',
      `${unreadable[0].path} and all other images of the series: ${unreadable[0].reason}`,
    )
  const readPixels = createPixelReader(codecs)
  const built = await buildVolume(
    readable,
    (instance, into) => readPixels(instance, files.get(instance)!, into),
    {
      ...(signal && { signal }),
      ...(createStack && { createStack }),
      onProgress: (done, total) => onProgress?.({ stage: 'read', done, total }),
    },
  )
  const volume = orderAxes(built.volume, (length) => new Int16Array(length))
  return {
    volume,
    plane: content.plane,
    // Sagittal and coronal images are no slices of the volume once it is in the order of an axial series.
    slices: volume === built.volume ? built.slices : [],
    series: candidate.series,
    findings: [...content.findings, ...built.findings, ...(showsAir(volume) ? [] : [NO_AIR])],
    skipped: [...candidate.skipped, ...unreadable, ...built.skipped],
  }
}

const NO_AIR: Finding = {
  code: 'no-air',
  severity: 'blocking',
  message: `No voxel is below ${AIR_BELOW_HU} HU, though every CT shows air: the values are no Hounsfield units.`,
}

const showsAir = ({ data }: Volume): boolean => data.some((hu) => hu < AIR_BELOW_HU)
