import { uidOf } from '../dicom/uid.ts'
import { createSeriesWriter } from '../dicom/write.ts'
import type { PhantomStudy } from './study.ts'

/** Name of a phantom: the same seed, preset and family are the same patient. */
export const phantomUid = (preset: string, seed: number, family = 'parametric'): string =>
  uidOf(family === 'parametric' ? `phantom/${preset}/${seed}` : `phantom/${family}/${preset}/${seed}`)

/** A phantom as DICOM files, numbered as RSNA's: 1 is the highest in the patient. */
export type PhantomWriter = {
  /** Number of the file that holds slice `z` of the volume. */
  fileNumber(z: number): number
  writeSlice(z: number): Uint8Array
}

/** Writes a phantom as a scanner would send it. The same phantom gives the same bytes. */
export function createPhantomWriter(
  { volume, truth }: Pick<PhantomStudy, 'volume' | 'truth'>,
  studyInstanceUid: string,
): PhantomWriter {
  const headFirst = volume.ijkToLps[10] < 0
  const fileNumber = (z: number) => (headFirst ? z + 1 : volume.shape[0] - z)
  const series = createSeriesWriter(volume, {
    studyInstanceUid,
    patientName: `SYNTHETIC^${truth.seed}`,
    patientId: `SYNTHETIC-${truth.seed}`,
    // A fixed moment: the same seed gives the same bytes.
    date: '20260101',
    time: '120000',
    studyDescription: 'SYNTHETIC cervical spine',
    seriesDescription: `SYNTHETIC axial ${truth.scan.kernel}`,
    manufacturer: 'NeckFrac phantom',
    kernel: truth.scan.kernel.toUpperCase(),
    kvp: 120,
  })
  return { fileNumber, writeSlice: (z) => series.writeSlice(z, fileNumber(z)) }
}
