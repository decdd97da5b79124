import { concatBytes } from '../bytes.ts'
import { findStart } from '../dicom/data-set.ts'
import { inflateDataSet } from '../dicom/deflated.ts'
import {
  DEFLATED,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
} from '../dicom/transfer-syntaxes.ts'
import { NeckFracError } from '../errors.ts'
import { type Element, ElementReader, type Encoding, EXPLICIT_LE, writeElements } from './elements.ts'

/** A whole DICOM file, understood to its last byte. */
export type DicomFile = {
  /** Of the elements: explicit little endian where the file was deflated. */
  readonly transferSyntaxUid: string
  readonly encoding: Encoding
  readonly elements: readonly Element[]
}

const TRANSFER_SYNTAX_UID = 0x00020010

/** @throws NeckFracError input */
export function readDicomFile(bytes: Uint8Array): DicomFile {
  const start = findStart(bytes)
  if (start === null) throw new NeckFracError('input', 'not a DICOM file')
  const hasMeta = start.options.TransferSyntaxUID === undefined
  const reader = new ElementReader(start.bytes, hasMeta ? 132 : 0)
  const meta = hasMeta ? reader.readMeta() : []
  const transferSyntaxUid = start.options.TransferSyntaxUID ?? textOf(meta, TRANSFER_SYNTAX_UID)
  if (transferSyntaxUid === '') throw new NeckFracError('input', 'no transfer syntax is given')
  if (transferSyntaxUid === DEFLATED) {
    const inflated = new ElementReader(inflateDataSet(reader.rest()), 0)
    const elements = inflated.readDataSet(EXPLICIT_LE)
    return { transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, encoding: EXPLICIT_LE, elements }
  }
  const encoding = {
    explicit: transferSyntaxUid !== IMPLICIT_LITTLE_ENDIAN,
    littleEndian: transferSyntaxUid !== EXPLICIT_BIG_ENDIAN,
  }
  return { transferSyntaxUid, encoding, elements: reader.readDataSet(encoding) }
}

/** Part 10 with an empty preamble, whatever stood in that of the file read. */
export function writeDicomFile({ encoding, elements }: DicomFile, meta: readonly Element[]): Uint8Array {
  const group = writeElements(meta, EXPLICIT_LE)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, group.length, true)
  const head = writeElements(
    [{ tag: 0x00020000, vr: 'UL', value: { kind: 'bytes', bytes: length } }],
    EXPLICIT_LE,
  )
  const start = new Uint8Array(132)
  start.set([0x44, 0x49, 0x43, 0x4d], 128)
  return concatBytes([start, head, group, writeElements(elements, encoding)])
}

/** Text of an element at the top, '' when absent; for UIDs and codes, which are ASCII. */
export function textOf(elements: readonly Element[], tag: number): string {
  const element = elements.find((e) => e.tag === tag)
  return element === undefined ? '' : asciiOf(element.value)
}

export const asciiOf = (value: Element['value']): string =>
  value.kind === 'bytes'
    ? new TextDecoder('iso-8859-1')
        .decode(value.bytes)
        .replace(/[\0 ]+$/, '')
        .trim()
    : ''
