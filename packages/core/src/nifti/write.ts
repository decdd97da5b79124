import { type Mat4, spacingMm } from '../volume/geometry.ts'
import type { LabelVolume, Shape3 } from '../volume/volume.ts'

const HEADER_BYTES = 352

/** Labels as the bytes of an uncompressed NIfTI-1 file: uint8, sform in RAS. */
export function writeNifti(labels: LabelVolume): Uint8Array<ArrayBuffer> {
  return join(writeHeader(labels, 2, 8), labels.data)
}

function writeHeader({ shape, ijkToLps }: { shape: Shape3; ijkToLps: Mat4 }, datatype: number, bits: number) {
  const header = new Uint8Array(HEADER_BYTES)
  const view = new DataView(header.buffer)
  const int16 = (at: number, values: readonly number[]) =>
    values.forEach((value, i) => {
      view.setInt16(at + 2 * i, value, true)
    })
  const float32 = (at: number, values: readonly number[]) =>
    values.forEach((value, i) => {
      view.setFloat32(at + 4 * i, value, true)
    })
  view.setInt32(0, 348, true)
  int16(40, [3, shape[2], shape[1], shape[0], 1, 1, 1, 1])
  int16(70, [datatype, bits])
  float32(76, [1, ...spacingMm(ijkToLps), 0, 0, 0, 0])
  float32(108, [HEADER_BYTES, 1, 0])
  header[123] = 2 // mm
  int16(254, [1])
  // LPS to RAS: the first two rows change sign.
  float32(
    280,
    ijkToLps.slice(0, 12).map((value, i) => (i < 8 ? -value : value)),
  )
  header.set([0x6e, 0x2b, 0x31, 0], 344)
  return header
}

function join(header: Uint8Array, voxels: Uint8Array): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(header.length + voxels.length)
  file.set(header)
  file.set(voxels, header.length)
  return file
}
