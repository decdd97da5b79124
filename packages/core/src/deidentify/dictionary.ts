/// <reference path="../dicom/dcmjs.d.ts" />
import dcmjs from 'dcmjs'

const { dictionary } = dcmjs.data.DicomMetaDictionary

/** (0010,0020) of 0x00100020. */
export const tagName = (tag: number): string => {
  const digits = tag.toString(16).toUpperCase().padStart(8, '0')
  return `(${digits.slice(0, 4)},${digits.slice(4)})`
}

/** The VR that PS3.6 gives a standard attribute; null for one it does not know. */
export const standardVr = (tag: number): string | null => dictionary[tagName(tag)]?.vr ?? null
