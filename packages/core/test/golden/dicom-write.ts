import { createSeriesWriter } from '../../src/dicom/write.ts'
import type { Volume } from '../../src/volume/volume.ts'

/** The series whose reading by pydicom dicom-write.json holds; dicom-write.py makes that file. */
export function goldenVolume(name: 'narrow' | 'wide'): Volume {
  const shape = [2, 6, 8] as const
  const range = name === 'narrow' ? [-1024, 3071] : [-2000, 20000]
  const data = Int16Array.from({ length: 96 }, (_, n) =>
    Math.round(range[0] + ((range[1] - range[0]) * n) / 95),
  )
  return { data, shape, ijkToLps: [0.4, 0, 0, -10.5, 0, 0.5, 0, -20.25, 0, 0, -0.8, 30, 0, 0, 0, 1] }
}

/** The second slice. */
export const goldenSlice = (name: 'narrow' | 'wide'): Uint8Array =>
  createSeriesWriter(goldenVolume(name), {
    studyInstanceUid: '2.25.1',
    patientName: 'SYNTHETIC^1',
    patientId: 'SYNTHETIC-1',
    date: '20260101',
    time: '120000',
    studyDescription: 'SYNTHETIC cervical spine',
    seriesDescription: 'SYNTHETIC axial bone',
    manufacturer: 'NeckFrac phantom',
    kernel: 'BONE',
    kvp: 120,
  }).writeSlice(1, 2)

// Run by dicom-write.py: one file on standard output.
if (import.meta.main) process.stdout.write(goldenSlice(process.argv[2] === 'wide' ? 'wide' : 'narrow'))
