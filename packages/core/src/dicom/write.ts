/// <reference path="./dcmjs.d.ts" />
import dcmjs from 'dcmjs'
import { cross, dot, norm, spacingMm, transform, type Vec3 } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { IMPLEMENTATION_UID, IMPLEMENTATION_VERSION_NAME } from './implementation.ts'
import { uidOf } from './uid.ts'

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
/** CT numbers reach from here up; the stored values count from it, as scanners store them. */
const LOWEST_HU = -1024
/** (7FE0,0010) OW, two reserved bytes; a 32-bit length follows. */
const PIXEL_DATA_OW = [0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0]

/** Who and what a written series is. Everything else follows from the volume. */
export type SeriesIdentity = {
  readonly studyInstanceUid: string
  readonly patientName: string
  readonly patientId: string
  /** DICOM dates and times: YYYYMMDD, HHMMSS. */
  readonly date: string
  readonly time: string
  readonly studyDescription: string
  readonly seriesDescription: string
  readonly manufacturer: string
  readonly kernel: string
  readonly kvp: number
}

/** Writes slices of one series. `z` is the volume's z, `instanceNumber` counts from 1. */
export type SeriesWriter = { writeSlice(z: number, instanceNumber: number): Uint8Array }

/** A volume as one axial CT series: CT Image Storage, Explicit VR Little Endian, DICOM Part 10. */
export function createSeriesWriter(volume: Volume, identity: SeriesIdentity): SeriesWriter {
  const pixels = pixelFormat(volume)
  const common = { ...commonElements(identity), ...planeElements(volume), ...pixels.elements }
  const writeSlice = (z: number, instanceNumber: number): Uint8Array => {
    const sopInstanceUid = uidOf(`${identity.studyInstanceUid}/series/${instanceNumber}`)
    const position = transform(volume.ijkToLps, [0, 0, z])
    const dict = dcmjs.data.datasetToDict({
      ...common,
      _meta: {},
      SOPInstanceUID: sopInstanceUid,
      InstanceNumber: instanceNumber,
      ImagePositionPatient: position.map(decimal),
      SliceLocation: decimal(dot(position, normalOf(volume))),
    })
    // dcmjs puts its own name here; a file should say who wrote it.
    dict.meta['00020012'] = { vr: 'UI', Value: [IMPLEMENTATION_UID] }
    dict.meta['00020013'] = { vr: 'SH', Value: [IMPLEMENTATION_VERSION_NAME] }
    return pixels.append(z, new Uint8Array(dict.write()))
  }
  return { writeSlice }
}

function commonElements(identity: SeriesIdentity): Record<string, unknown> {
  const { studyInstanceUid, date, time } = identity
  return {
    SOPClassUID: CT_IMAGE_STORAGE,
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    StudyDate: date,
    SeriesDate: date,
    AcquisitionDate: date,
    ContentDate: date,
    StudyTime: time,
    SeriesTime: time,
    AcquisitionTime: time,
    ContentTime: time,
    AccessionNumber: '',
    Modality: 'CT',
    Manufacturer: identity.manufacturer,
    ManufacturerModelName: identity.manufacturer,
    ReferringPhysicianName: '',
    StudyDescription: identity.studyDescription,
    SeriesDescription: identity.seriesDescription,
    PatientName: identity.patientName,
    PatientID: identity.patientId,
    PatientBirthDate: '',
    PatientSex: 'O',
    PatientIdentityRemoved: 'YES',
    DeidentificationMethod: 'Synthetic: no patient exists',
    BodyPartExamined: 'CSPINE',
    KVP: decimal(identity.kvp),
    ConvolutionKernel: identity.kernel,
    PatientPosition: 'HFS',
    StudyInstanceUID: studyInstanceUid,
    SeriesInstanceUID: uidOf(`${studyInstanceUid}/series`),
    FrameOfReferenceUID: uidOf(`${studyInstanceUid}/frame`),
    PositionReferenceIndicator: '',
    StudyID: '1',
    SeriesNumber: 1,
    AcquisitionNumber: 1,
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '00',
  }
}

function planeElements({ shape, ijkToLps: m }: Volume): Record<string, unknown> {
  const [x, y] = spacingMm(m)
  const step: Vec3 = [m[2], m[6], m[10]]
  return {
    Rows: shape[1],
    Columns: shape[2],
    PixelSpacing: [decimal(y), decimal(x)],
    SliceThickness: decimal(Math.abs(dot(step, normalOf({ ijkToLps: m })))),
    ImageOrientationPatient: [m[0] / x, m[4] / x, m[8] / x, m[1] / y, m[5] / y, m[9] / y].map(decimal),
  }
}

function normalOf({ ijkToLps: m }: Pick<Volume, 'ijkToLps'>): Vec3 {
  const n = cross([m[0], m[4], m[8]], [m[1], m[5], m[9]])
  const length = norm(n)
  return [n[0] / length, n[1] / length, n[2] / length]
}

/** 12 bits from -1024 HU where that holds the values, as scanners store them; 16 signed bits elsewhere. */
function pixelFormat({ data, shape }: Volume) {
  let low = Infinity
  let high = -Infinity
  for (let n = 0; n < data.length; n++) {
    if (data[n] < low) low = data[n]
    if (data[n] > high) high = data[n]
  }
  const narrow = low >= LOWEST_HU && high < LOWEST_HU + 4096
  const intercept = narrow ? LOWEST_HU : 0
  const bits = narrow ? 12 : 16
  const plane = shape[1] * shape[2]
  const elements = {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: narrow ? 0 : 1,
    WindowCenter: '400',
    WindowWidth: '1800',
    RescaleIntercept: decimal(intercept),
    RescaleSlope: '1',
    RescaleType: 'HU',
  }
  /** Copying the pixels through dcmjs would cost more than the rest of the file. */
  const append = (z: number, header: Uint8Array): Uint8Array => {
    const out = new Uint8Array(header.length + 12 + 2 * plane)
    out.set(header)
    out.set(PIXEL_DATA_OW, header.length)
    new DataView(out.buffer).setUint32(header.length + 8, 2 * plane, true)
    // Every element of a DICOM file has an even length, and the platforms of Node and browsers are little endian.
    const stored = new Int16Array(out.buffer, header.length + 12, plane)
    for (let n = 0, from = z * plane; n < plane; n++) stored[n] = data[from + n] - intercept
    return out
  }
  return { elements, append }
}

/** A decimal string of at most 16 characters (PS3.5 6.2, DS). */
export function decimal(value: number): string {
  for (let digits = 15; digits > 0; digits--) {
    const text = String(Number(value.toPrecision(digits)))
    if (text.length <= 16) return text
  }
  return '0'
}
