import { NeckFracError } from '../errors.ts'
import type { Mat4 } from '../volume/geometry.ts'
import type { Shape3 } from '../volume/volume.ts'

/** What is needed of a NIfTI-1 or NIfTI-2 header. Offsets are those of nifti1.h and nifti2.h. */
export type NiftiHeader = {
  readonly littleEndian: boolean
  readonly shape: Shape3
  readonly datatype: number
  /** First byte of the voxels. */
  readonly dataOffset: number
  /** value = slope * stored + intercept. */
  readonly slope: number
  readonly intercept: number
  readonly ijkToLps: Mat4
}

/** Bytes that hold every field read here. */
export const NIFTI_HEADER_BYTES = 544

/** True for uncompressed NIfTI in one file. */
export function isNifti(bytes: Uint8Array): boolean {
  const magic = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 3))
  return bytes.length > 348 && (magic(344) === 'n+1' || magic(4) === 'n+2')
}

/** @throws NeckFracError input */
export function readNiftiHeader(bytes: Uint8Array, name: string): NiftiHeader {
  const fail = (what: string): never => {
    throw new NeckFracError('input', `${name}: ${what}`)
  }
  if (!isNifti(bytes)) return fail('not a NIfTI file in one piece (.nii or .nii.gz)')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const le = [348, 540].includes(view.getInt32(0, true))
  const version = view.getInt32(0, le) === 540 ? 2 : 1
  if (bytes.length < (version === 1 ? 352 : NIFTI_HEADER_BYTES)) return fail('truncated NIfTI header')
  const f32 = (at: number) => view.getFloat32(at, le)
  const f64 = (at: number) => view.getFloat64(at, le)
  const at = version === 1 ? OFFSETS_1 : OFFSETS_2
  const real = version === 1 ? f32 : f64
  const code = (offset: number) => (version === 1 ? view.getInt16(offset, le) : view.getInt32(offset, le))
  const reals = (offset: number, count: number) =>
    Array.from({ length: count }, (_, i) => real(offset + i * (version === 1 ? 4 : 8)))
  const dims = Array.from({ length: 8 }, (_, i) =>
    version === 1 ? view.getInt16(at.dim + 2 * i, le) : Number(view.getBigInt64(at.dim + 8 * i, le)),
  )
  const extents = dims.slice(1, 1 + Math.max(0, Math.min(7, dims[0])))
  if (extents.length < 3 || extents.slice(0, 3).some((n) => n < 2) || extents.slice(3).some((n) => n > 1))
    return fail(`${extents.join(' x ')} voxels, not one volume of three axes`)
  const toRas =
    code(at.sformCode) > 0
      ? [...reals(at.srow, 12), 0, 0, 0, 1]
      : code(at.qformCode) > 0
        ? qformToRas(reals(at.quatern, 6), reals(at.pixdim, 4))
        : fail('neither sform nor qform says where the voxels lie in the patient')
  // RAS to LPS: the first two rows change sign.
  const ijkToLps = toRas.map((value, i) => (i < 8 ? -value : value))
  if (!ijkToLps.every(Number.isFinite) || Math.abs(determinant(ijkToLps)) < 1e-9)
    return fail('the sform or qform matrix is singular')
  const slope = real(at.slope)
  const usesSlope = Number.isFinite(slope) && slope !== 0
  const intercept = real(at.slope + (version === 1 ? 4 : 8))
  const offset = version === 1 ? f32(at.voxOffset) : Number(view.getBigInt64(at.voxOffset, le))
  return {
    littleEndian: le,
    shape: [extents[2], extents[1], extents[0]],
    datatype: view.getInt16(at.datatype, le),
    dataOffset: Math.max(offset, version === 1 ? 352 : NIFTI_HEADER_BYTES),
    slope: usesSlope ? slope : 1,
    intercept: usesSlope && Number.isFinite(intercept) ? intercept : 0,
    ijkToLps,
  }
}

const OFFSETS_1 = {
  dim: 40,
  datatype: 70,
  pixdim: 76,
  voxOffset: 108,
  slope: 112,
  qformCode: 252,
  sformCode: 254,
  quatern: 256,
  srow: 280,
}
const OFFSETS_2 = {
  dim: 16,
  datatype: 12,
  pixdim: 104,
  voxOffset: 168,
  slope: 176,
  qformCode: 344,
  sformCode: 348,
  quatern: 352,
  srow: 400,
}

/** Rotation by a unit quaternion, voxel size and offset (nifti1.h, method 2). pixdim[0] is the handedness. */
function qformToRas([b, c, d, x, y, z]: readonly number[], pixdim: readonly number[]): number[] {
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d))
  const [handedness, i, j] = pixdim
  const k = handedness < 0 ? -pixdim[3] : pixdim[3]
  return [
    (a * a + b * b - c * c - d * d) * i, 2 * (b * c - a * d) * j, 2 * (b * d + a * c) * k, x,
    2 * (b * c + a * d) * i, (a * a + c * c - b * b - d * d) * j, 2 * (c * d - a * b) * k, y,
    2 * (b * d - a * c) * i, 2 * (c * d + a * b) * j, (a * a + d * d - b * b - c * c) * k, z,
    0, 0, 0, 1,
  ] // biome-ignore format: a matrix reads best in rows
}

const determinant = (m: Mat4): number =>
  m[0] * (m[5] * m[10] - m[6] * m[9]) -
  m[1] * (m[4] * m[10] - m[6] * m[8]) +
  m[2] * (m[4] * m[9] - m[5] * m[8])
