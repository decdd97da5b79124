import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { countedFrom, createSeriesWriter, resample, synthesize, type Vec3, type Volume } from '@neckfrac/core'
import dcmjsCodecs from 'dcmjs-codecs'

export const HOSTILE_NAME = '<script>alert(1)</script>^X'

/**
 * A small synthetic patient with fractures, as DICOM; slice 1 is the highest. Returns its seed's truth.
 * @param finer Into how many voxels each is divided.
 */
export function writePatient(folder: string, seed: number, patientName: string, finer: Vec3 = [1, 1, 1]) {
  const { volume: drawn, truth } = synthesize({ seed, preset: 'drill' })
  const volume = divide(drawn, finer)
  const series = createSeriesWriter(volume, {
    studyInstanceUid: `2.25.${9000 + seed}`,
    patientName,
    patientId: `SYNTHETIC-${seed}`,
    date: '20260101',
    time: '120000',
    studyDescription: 'SYNTHETIC <b>cervical</b> spine',
    seriesDescription: 'SYNTHETIC axial',
    manufacturer: 'NeckFrac phantom',
    kernel: 'BONE',
    kvp: 120,
  })
  mkdirSync(folder, { recursive: true })
  const slices = volume.shape[0]
  for (let z = 0; z < slices; z++) writeFileSync(join(folder, `${z + 1}.dcm`), series.writeSlice(z, z + 1))
  return truth
}

/** Encodes the DICOM files of a folder, in their places: the first in the first transfer syntax, and so on in turn. */
export async function compressFiles(folder: string, transferSyntaxUids: readonly string[]): Promise<void> {
  const { NativeCodecs, Transcoder } = dcmjsCodecs
  await NativeCodecs.initializeAsync()
  for (const [n, name] of readdirSync(folder).entries()) {
    const file = new Transcoder(new Uint8Array(readFileSync(join(folder, name))).buffer)
    file.transcode(transferSyntaxUids[n % transferSyntaxUids.length])
    writeFileSync(join(folder, name), new Uint8Array(file.getDicomPart10()))
  }
}

/** As many voxels as a thin-slice study has, in a moment. x, y, z. */
function divide(volume: Volume, parts: Vec3): Volume {
  if (parts.every((n) => n === 1)) return volume
  const [px, py, pz] = parts
  const [z, y, x] = volume.shape
  const first: Vec3 = [0.5 / px - 0.5, 0.5 / py - 0.5, 0.5 / pz - 0.5]
  const ijkToLps = countedFrom(volume.ijkToLps, first).map((v, n) =>
    n < 12 ? v / [px, py, pz, 1][n % 4] : v,
  )
  const shape = [z * pz, y * py, x * px] as const
  return { data: resample(volume, { shape, ijkToLps }), shape, ijkToLps }
}

/** Where the arms of `writeMarkedBlock` point from its middle: left, front, up, in RAS, NIfTI's own frame. */
export const MARK_RAS = [-1, 1, 1] as const

/**
 * A block of soft tissue in air, 120 mm wide, with three arms of bone that start in its middle. The header is
 * written here by hand from the NIfTI-1 standard, so that it shares no code with what is tested. `order`: directions of
 * the voxel axes in RAS, e.g. [1, 2, 3] for right, front, up; a minus turns one round.
 */
export function writeMarkedBlock(file: string, order: readonly [number, number, number]): void {
  const size = [80, 75, 70]
  const step = 2
  const centre = size.map((n) => (n - 1) / 2)
  const rows = [0, 1, 2].map((axis) => order.map((d) => (Math.abs(d) - 1 === axis ? Math.sign(d) * step : 0)))
  const offsets = rows.map((row) => -row.reduce((sum, v, n) => sum + v * centre[n], 0))
  const voxels = new Int16Array(size[0] * size[1] * size[2])
  let at = 0
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++) {
        const ijk = [i - centre[0], j - centre[1], k - centre[2]]
        const ras = rows.map((row) => row.reduce((sum, v, n) => sum + v * ijk[n], 0))
        const inside = ras.every((v) => Math.abs(v) < 60)
        const mark = MARK_RAS.some((sign, axis) =>
          ras.every((v, n) => (n === axis ? v * sign > -6 && v * sign < 45 : Math.abs(v) < 6)),
        )
        voxels[at++] = mark ? 1500 : inside ? 40 : -1000
      }
  writeFileSync(file, Buffer.concat([niftiHeader(size, step, rows, offsets), Buffer.from(voxels.buffer)]))
}

/** A tall cylinder of soft tissue: 600 slices of 512 x 512, 315 MB, twice a neck. */
export function writeLongBlock(file: string): void {
  const size = [512, 512, 600]
  const step = 0.5
  const plane = new Int16Array(size[0] * size[1]).map((_, n) =>
    Math.hypot((n % size[0]) - 256, Math.floor(n / size[0]) - 256) < 120 ? 40 : -1000,
  )
  const rows = [
    [-step, 0, 0],
    [0, -step, 0],
    [0, 0, step],
  ]
  const slice = Buffer.from(plane.buffer)
  writeFileSync(file, niftiHeader(size, step, rows, [128, 128, -150]))
  for (let k = 0; k < size[2]; k++) appendFileSync(file, slice)
}

function niftiHeader(
  size: readonly number[],
  step: number,
  rows: readonly (readonly number[])[],
  offsets: readonly number[],
): Buffer {
  const header = Buffer.alloc(352)
  header.writeInt32LE(348, 0)
  for (const [n, value] of [3, ...size, 1, 1, 1, 1].entries()) header.writeInt16LE(value, 40 + 2 * n)
  header.writeInt16LE(4, 70) // int16
  header.writeInt16LE(16, 72)
  for (const [n, value] of [1, step, step, step].entries()) header.writeFloatLE(value, 76 + 4 * n)
  header.writeFloatLE(352, 108)
  header.writeFloatLE(1, 112)
  header[123] = 2 // mm
  header.writeInt16LE(1, 254) // sform, RAS
  for (const [r, row] of rows.entries())
    for (const [n, value] of [...row, offsets[r]].entries()) header.writeFloatLE(value, 280 + 16 * r + 4 * n)
  header.write('n+1\0', 344, 'latin1')
  return header
}
