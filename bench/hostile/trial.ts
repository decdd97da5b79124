import { crc32 } from 'node:zlib'
import { deidentify, isNeckFracError, readStudy, type Source, surveySource, uidOf } from '@neckfrac/core'
import { readInstance } from '../../packages/core/src/dicom/header.ts'
import { readStoredValues, whyUnreadable } from '../../packages/core/src/dicom/pixels.ts'
import { isNiftiPath } from '../../packages/core/src/nifti/probe.ts'
import type { Codecs } from '../../packages/core/src/ports.ts'
import { memorySource } from '../../packages/core/test/memory-source.ts'
import { CODECS } from '../../packages/node/src/codecs.ts'

/** What became of a hostile file; `fault` is what must never be. */
export type Outcome = { readonly kind: 'read' | 'refused' | 'fault'; readonly what: string }

const OPTIONS = { newUid: uidOf, pseudonym: () => 'P', includeBurnedIn: true }
const refused = (what: string): Outcome => ({ kind: 'refused', what })

/** Everything that is done with a file that comes from outside: header, pixels, series, volume, a clean copy. */
export async function attempt(name: string, bytes: Uint8Array, codecs: Codecs = CODECS): Promise<Outcome> {
  try {
    tryDeidentify(bytes)
    const source = memorySource({ [name]: bytes })
    return isNiftiPath(name) ? await readVolume(source) : await readImage(source, codecs)
  } catch (error) {
    if (isNeckFracError(error)) return refused(error.message)
    return { kind: 'fault', what: error instanceof Error ? `${error.stack}` : String(error) }
  }
}

function tryDeidentify(bytes: Uint8Array): void {
  try {
    deidentify(bytes, OPTIONS)
  } catch (error) {
    if (!isNeckFracError(error)) throw error
  }
}

async function readVolume(source: Source): Promise<Outcome> {
  const { studies, skipped } = await surveySource(source)
  return studies.length === 0 ? refused(skipped[0].reason) : checkVolume((await readStudy(studies[0])).volume)
}

async function readImage(source: Source, codecs: Codecs): Promise<Outcome> {
  const [file] = await source.files()
  const scan = await surveySource(source, { codecs })
  const studies = [...scan.studies, ...scan.refused]
  const listed = scan.skipped.length + studies.reduce((n, study) => n + countImages(study), 0)
  if (listed === 0) return { kind: 'fault', what: 'the file is neither in a study nor skipped' }
  for (const { reason } of scan.skipped)
    if (reason.length < 5) return { kind: 'fault', what: `reason "${reason}"` }
  for (const study of studies)
    if (study.content !== null) checkVolume((await readStudy(study, { codecs })).volume)

  const parsed = await readInstance(file)
  if (parsed.kind !== 'instance') return refused(scan.skipped[0]?.reason ?? 'skipped')
  const { instance } = parsed
  const unreadable = whyUnreadable(instance, codecs)
  if (unreadable !== null) return refused(unreadable)
  let values: Uint8Array | Uint16Array
  try {
    values = await readStoredValues(instance, file, codecs)
  } catch (error) {
    // As buildVolume does: whatever a decoder throws becomes the reason why the image is skipped.
    return refused(error instanceof Error ? error.message : String(error))
  }
  const { rows, columns } = instance.format
  if (values.length !== rows * columns)
    return { kind: 'fault', what: `${values.length} values of ${columns} x ${rows} pixels` }
  const sum = crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  return { kind: 'read', what: `${columns} x ${rows}, CRC ${sum.toString(16)}` }
}

const countImages = (study: {
  series: readonly { sliceCount: number }[]
  skipped: readonly unknown[]
}): number => study.series.reduce((n, series) => n + series.sliceCount, study.skipped.length)

function checkVolume(volume: {
  data: Int16Array
  shape: readonly number[]
  ijkToLps: readonly number[]
}): Outcome {
  const { data, shape, ijkToLps } = volume
  if (data.length !== shape[0] * shape[1] * shape[2])
    return { kind: 'fault', what: `${data.length} voxels of ${shape}` }
  if (!ijkToLps.every(Number.isFinite)) return { kind: 'fault', what: `no geometry: ${ijkToLps}` }
  for (const hu of data) if (hu < -1024 || hu > 3071) return { kind: 'fault', what: `${hu} HU` }
  return { kind: 'read', what: shape.join(' x ') }
}
