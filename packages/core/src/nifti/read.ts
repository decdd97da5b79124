import { gunzipSync } from 'fflate'
import { NeckFracError } from '../errors.ts'
import { HU_MAX, HU_MIN } from '../volume/hounsfield.ts'
import type { LabelVolume, Volume } from '../volume/volume.ts'
import { orderAxes } from './axes.ts'
import { type NiftiHeader, readNiftiHeader } from './header.ts'

/** Every CT shows air (-1000 HU) around or inside the patient; label maps and rescaled images do not. */
export const AIR_BELOW_HU = -200

/** Largest unpacked file that is attempted, bytes, and most voxels: 1,000 slices of 512 x 512 as float32. */
const MAX_BYTES = 2 ** 30 + 2 ** 20
const MAX_VOXELS = 2 ** 28
/** Deflate cannot pack tighter than about 1:1032. */
const LARGEST_RATIO = 1040

/**
 * CT in Hounsfield units from the bytes of a .nii or .nii.gz file. Axes are put in the order of a CT series.
 * @throws NeckFracError input when it is no CT
 */
export function readNifti(bytes: Uint8Array, name = 'NIfTI file'): Volume {
  const file = unpack(bytes, name)
  const header = readNiftiHeader(file, name)
  const { values, low, high } = readHu(file, header, name)
  if (!(low < AIR_BELOW_HU) || !(high > HU_MIN))
    throw new NeckFracError('input', `${name}: ${whyNoCt(low, high)}`)
  return orderAxes({ data: values, shape: header.shape, ijkToLps: header.ijkToLps }, (n) => new Int16Array(n))
}

/** Vertebra labels 0..255 from the bytes of a .nii or .nii.gz file; may be a view of those. @throws NeckFracError input */
export function readNiftiLabels(bytes: Uint8Array, name = 'NIfTI file'): LabelVolume {
  const file = unpack(bytes, name)
  const header = readNiftiHeader(file, name)
  const stored = storedValues(file, header, name)
  if (stored instanceof Uint8Array && header.slope === 1 && header.intercept === 0)
    return orderLabels(stored, header)
  const data = new Uint8Array(stored.length)
  for (let i = 0; i < data.length; i++) {
    const label = stored[i] * header.slope + header.intercept
    data[i] = label
    if (data[i] !== label)
      throw new NeckFracError(
        'input',
        `${name}: the value ${label} is no label; labels are whole numbers 0..255`,
      )
  }
  return orderLabels(data, header)
}

const orderLabels = (data: Uint8Array, { shape, ijkToLps }: NiftiHeader): LabelVolume =>
  orderAxes({ data, shape, ijkToLps }, (n) => new Uint8Array(n))

const whyNoCt = (low: number, high: number): string =>
  `no CT in Hounsfield units: values are ${low.toFixed(0)}..${high.toFixed(0)}, a CT has air near -1000` +
  (low >= 0 && high <= 255 ? '; this looks like a label map' : '')

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** The file itself, unpacked when it is gzip. */
function unpack(bytes: Uint8Array, name: string): Uint8Array {
  if (!isGzip(bytes)) return bytes
  if (bytes.length < 18) throw new NeckFracError('input', `${name}: truncated gzip file`)
  // The last four bytes say the size modulo 2^32.
  const size = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true)
  if (size > LARGEST_RATIO * bytes.length + 1024)
    throw new NeckFracError('input', `${name}: damaged gzip file, claims to hold ${size} bytes`)
  if (size > MAX_BYTES) throw new NeckFracError('input', `${name}: ${size} bytes are more than can be read`)
  try {
    return gunzipSync(bytes, { out: new Uint8Array(size) })
  } catch (cause) {
    throw new NeckFracError('input', `${name}: damaged gzip file`, { cause })
  }
}

function countVoxels({ shape }: NiftiHeader, name: string): number {
  const [z, y, x] = shape
  if (z * y * x > MAX_VOXELS)
    throw new NeckFracError('input', `${name}: ${x} x ${y} x ${z} voxels are more than can be read`)
  return z * y * x
}

type Stored =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array

/** Views on the voxels by NIfTI datatype code, with the bytes a voxel takes. */
const VIEWS: Readonly<
  Record<number, readonly [bytes: number, view: (buffer: ArrayBufferLike, at: number, n: number) => Stored]>
> = {
  2: [1, (buffer, at, n) => new Uint8Array(buffer, at, n)],
  256: [1, (buffer, at, n) => new Int8Array(buffer, at, n)],
  4: [2, (buffer, at, n) => new Int16Array(buffer, at, n)],
  512: [2, (buffer, at, n) => new Uint16Array(buffer, at, n)],
  8: [4, (buffer, at, n) => new Int32Array(buffer, at, n)],
  768: [4, (buffer, at, n) => new Uint32Array(buffer, at, n)],
  16: [4, (buffer, at, n) => new Float32Array(buffer, at, n)],
  64: [8, (buffer, at, n) => new Float64Array(buffer, at, n)],
}

/**
 * Voxels as stored, without a copy where alignment and byte order allow it; with `partial`, as many as the bytes hold.
 * @throws NeckFracError input
 */
export function storedValues(
  file: Uint8Array,
  header: NiftiHeader,
  name: string,
  { partial = false } = {},
): Stored {
  const entry = VIEWS[header.datatype]
  if (entry === undefined)
    throw new NeckFracError('input', `${name}: NIfTI datatype ${header.datatype} is not supported`)
  const [width, view] = entry
  const voxels = countVoxels(header, name)
  const there = Math.max(0, Math.floor((file.length - header.dataOffset) / width))
  const count = partial ? Math.min(there, voxels) : voxels
  const end = header.dataOffset + count * width
  if (!(end <= file.length))
    throw new NeckFracError('input', `${name}: truncated, ${file.length} of ${end} bytes are there`)
  let bytes = file.subarray(header.dataOffset, end)
  if (bytes.byteOffset % width !== 0 || (!header.littleEndian && width > 1)) bytes = bytes.slice()
  if (!header.littleEndian) swapBytes(bytes, width)
  return view(bytes.buffer, bytes.byteOffset, count)
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse()
}

function readHu(file: Uint8Array, header: NiftiHeader, name: string) {
  const stored = storedValues(file, header, name)
  const { slope, intercept } = header
  const values = new Int16Array(stored.length)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const hu = stored[i] * slope + intercept
    if (hu < low) low = hu
    if (hu > high) high = hu
    // NaN fails the first comparison and becomes air.
    values[i] = hu > HU_MIN ? (hu > HU_MAX ? HU_MAX : Math.round(hu)) : HU_MIN
  }
  return { values, low, high }
}
