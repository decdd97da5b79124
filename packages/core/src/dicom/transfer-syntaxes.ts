/** Names of DICOM transfer syntaxes (PS3.6 table A-1), for messages; and which of them need no codec. */

export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2'
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
export const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.57'
export const JPEG_LOSSLESS_SV1 = '1.2.840.10008.1.2.4.70'
export const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2'
export const DEFLATED = '1.2.840.10008.1.2.1.99'

const NAMES: Readonly<Record<string, string>> = {
  [IMPLICIT_LITTLE_ENDIAN]: 'implicit little endian',
  [EXPLICIT_LITTLE_ENDIAN]: 'explicit little endian',
  [DEFLATED]: 'deflated explicit little endian',
  [EXPLICIT_BIG_ENDIAN]: 'explicit big endian',
  '1.2.840.10008.1.2.4.50': 'JPEG baseline',
  '1.2.840.10008.1.2.4.51': 'JPEG extended',
  [JPEG_LOSSLESS]: 'JPEG lossless, process 14',
  [JPEG_LOSSLESS_SV1]: 'JPEG lossless, selection value 1',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS near-lossless',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 lossless',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.201': 'HTJ2K lossless',
  '1.2.840.10008.1.2.4.202': 'HTJ2K lossless RPCL',
  '1.2.840.10008.1.2.4.203': 'HTJ2K',
  '1.2.840.10008.1.2.5': 'RLE lossless',
}

export const isUncompressed = (uid: string): boolean =>
  uid === IMPLICIT_LITTLE_ENDIAN || uid === EXPLICIT_LITTLE_ENDIAN

/** "1.2.840.10008.1.2.5 (RLE lossless)". */
export const describeTransferSyntax = (uid: string): string =>
  NAMES[uid] === undefined ? uid : `${uid} (${NAMES[uid]})`
