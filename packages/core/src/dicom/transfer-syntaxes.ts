/** DICOM transfer syntaxes (PS3.6 table A-1): their names for messages, which need no codec, which may lose detail. */

export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2'
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
export const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2'
export const DEFLATED = '1.2.840.10008.1.2.1.99'
export const JPEG_BASELINE = '1.2.840.10008.1.2.4.50'
export const JPEG_EXTENDED = '1.2.840.10008.1.2.4.51'
export const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.57'
export const JPEG_LOSSLESS_SV1 = '1.2.840.10008.1.2.4.70'
export const JPEG_LS_LOSSLESS = '1.2.840.10008.1.2.4.80'
export const JPEG_LS = '1.2.840.10008.1.2.4.81'
export const JPEG_2000_LOSSLESS = '1.2.840.10008.1.2.4.90'
export const JPEG_2000 = '1.2.840.10008.1.2.4.91'
export const HTJ2K_LOSSLESS = '1.2.840.10008.1.2.4.201'
export const HTJ2K_LOSSLESS_RPCL = '1.2.840.10008.1.2.4.202'
export const HTJ2K = '1.2.840.10008.1.2.4.203'
export const RLE_LOSSLESS = '1.2.840.10008.1.2.5'

const NAMES: Readonly<Record<string, string>> = {
  [IMPLICIT_LITTLE_ENDIAN]: 'implicit little endian',
  [EXPLICIT_LITTLE_ENDIAN]: 'explicit little endian',
  [DEFLATED]: 'deflated explicit little endian',
  [EXPLICIT_BIG_ENDIAN]: 'explicit big endian',
  [JPEG_BASELINE]: 'JPEG baseline',
  [JPEG_EXTENDED]: 'JPEG extended',
  [JPEG_LOSSLESS]: 'JPEG lossless, process 14',
  [JPEG_LOSSLESS_SV1]: 'JPEG lossless, selection value 1',
  [JPEG_LS_LOSSLESS]: 'JPEG-LS lossless',
  [JPEG_LS]: 'JPEG-LS near-lossless',
  [JPEG_2000_LOSSLESS]: 'JPEG 2000 lossless',
  [JPEG_2000]: 'JPEG 2000',
  [HTJ2K_LOSSLESS]: 'HTJ2K lossless',
  [HTJ2K_LOSSLESS_RPCL]: 'HTJ2K lossless RPCL',
  [HTJ2K]: 'HTJ2K',
  [RLE_LOSSLESS]: 'RLE lossless',
}

const UNCOMPRESSED = new Set([IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN, DEFLATED])
const LOSSY = new Set([JPEG_BASELINE, JPEG_EXTENDED, JPEG_LS, JPEG_2000, HTJ2K])

/** Pixels need no codec. A deflated data set is inflated as a whole. */
export const isUncompressed = (uid: string): boolean => UNCOMPRESSED.has(uid)

/** Pixels may differ from what was measured. */
export const isLossy = (uid: string): boolean => LOSSY.has(uid)

/** "1.2.840.10008.1.2.5 (RLE lossless)". */
export const describeTransferSyntax = (uid: string): string =>
  NAMES[uid] === undefined ? uid : `${uid} (${NAMES[uid]})`
