import { IMPLEMENTATION_UID, IMPLEMENTATION_VERSION_NAME } from '../dicom/implementation.ts'
import { SECONDARY_CAPTURE } from '../dicom/sop-classes.ts'
import { NeckFracError } from '../errors.ts'
import { SOFTWARE } from '../version.ts'
import { standardVr, tagName } from './dictionary.ts'
import { dummyOf } from './dummies.ts'
import type { Element, Encoding, Value } from './elements.ts'
import { asciiOf, readDicomFile, textOf, writeDicomFile } from './file.ts'
import { type Action, BASIC_PROFILE, EDITION } from './profile.ts'

export type DeidentifyOptions = {
  /** The new UID of an old one: always the same one, so that references between files hold. */
  readonly newUid: (uid: string) => string
  /** PatientID of the new files from that of the old ones, so that a patient's studies stay together. */
  readonly pseudonym: (patientId: string) => string
  /** Also images that may show the patient's name in their pixels. */
  readonly includeBurnedIn?: boolean
}

export type Deidentified = {
  /** A Part 10 file in the transfer syntax of the old one, inflated where that was deflated, with its very pixel bytes. */
  readonly bytes: Uint8Array
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly sopInstanceUid: string
}

const SOP_CLASS_UID = 0x00080016
const SOP_INSTANCE_UID = 0x00080018
const PATIENT_ID = 0x00100020
const STUDY_INSTANCE_UID = 0x0020000d
const SERIES_INSTANCE_UID = 0x0020000e

/**
 * The file without what PS3.15's Basic Profile takes out: its table as data (profile.ts), in sequences too; private
 * attributes and those that PS3.6 does not know; curves and overlays; names of persons that the table forgot.
 * @throws NeckFracError input when the file is damaged, or when cleaning its header would not be enough
 */
export function deidentify(bytes: Uint8Array, options: DeidentifyOptions): Deidentified {
  const file = readDicomFile(bytes)
  refuseUncleanable(file.elements, options.includeBurnedIn ?? false)
  const kept = cleanAll(file.elements, options)
  const uidOf = (tag: number, name: string): string => {
    const uid = textOf(kept, tag)
    if (!/^[\d.]+$/.test(uid)) throw new NeckFracError('input', `${name} is missing or is not one UID`)
    return uid
  }
  const sopInstanceUid = uidOf(SOP_INSTANCE_UID, 'SOPInstanceUID')
  const studyInstanceUid = uidOf(STUDY_INSTANCE_UID, 'StudyInstanceUID')
  const seriesInstanceUid = uidOf(SERIES_INSTANCE_UID, 'SeriesInstanceUID')
  const elements = [...kept, ...statement(file.encoding)].sort((a, b) => a.tag - b.tag)
  const meta = [
    { tag: 0x00020001, vr: 'OB', value: { kind: 'bytes' as const, bytes: Uint8Array.of(0, 1) } },
    text(0x00020002, 'UI', uidOf(SOP_CLASS_UID, 'SOPClassUID')),
    text(0x00020003, 'UI', sopInstanceUid),
    text(0x00020010, 'UI', file.transferSyntaxUid),
    text(0x00020012, 'UI', IMPLEMENTATION_UID),
    text(0x00020013, 'SH', IMPLEMENTATION_VERSION_NAME),
  ]
  const out = writeDicomFile({ ...file, elements }, meta)
  return { bytes: out, studyInstanceUid, seriesInstanceUid, sopInstanceUid }
}

/** What says that, and how, the patient was taken out (PS3.15 E.1.1, PS3.16 CID 7050). */
function statement(encoding: Encoding): readonly Element[] {
  const method = `${SOFTWARE.name} ${SOFTWARE.version}, PS3.15 ${EDITION} Basic Profile`
  const code = [
    text(0x00080100, 'SH', '113100'),
    text(0x00080102, 'SH', 'DCM'),
    text(0x00080104, 'LO', 'Basic Application Confidentiality Profile'),
  ]
  return [
    text(0x00120062, 'CS', 'YES'),
    text(0x00120063, 'LO', method),
    { tag: 0x00120064, vr: 'SQ', value: { kind: 'items', items: [code], encoding } },
    text(0x00280303, 'CS', 'REMOVED'),
  ]
}
/** Written anew: what a file says of an earlier de-identification no longer holds for its dates. */
const STATEMENT_TAGS = new Set([0x00120062, 0x00120063, 0x00120064, 0x00280303])

function cleanAll(elements: readonly Element[], options: DeidentifyOptions): readonly Element[] {
  return elements.flatMap((element) => {
    const value = clean(element, options)
    return value === null ? [] : [{ ...element, value }]
  })
}

/** The new value of an element; null when it goes. */
function clean({ tag, value }: Element, options: DeidentifyOptions): Value | null {
  const group = tag >>> 16
  const isRepeating = (group & 0xff00) === 0x5000 || (group & 0xff00) === 0x6000
  const isGroupLength = (tag & 0xffff) === 0
  if (group < 8 || group % 2 === 1 || isRepeating || isGroupLength || STATEMENT_TAGS.has(tag)) return null
  const standard = standardVr(tag)
  if (standard === null) return null
  if (tag === PATIENT_ID) return bytesOf(options.pseudonym(asciiOf(value)), 'LO')

  switch (chooseAction(tag, standard)) {
    case 'remove':
      return null
    case 'empty':
      return value.kind === 'items' ? { ...value, items: [] } : EMPTY
    case 'dummy':
      return value.kind === 'items' ? { ...value, items: [[]] } : dummyOf(standard, value.bytes.length)
    case 'uid':
      return bytesOf(asciiOf(value).split('\\').map(newUidWith(options)).join('\\'), 'UI')
    case 'keep':
      // A sequence that is not written as one, or the reverse, hides what it holds from this reader or another.
      if ((value.kind === 'items') !== (standard === 'SQ')) return null
      if (value.kind !== 'items') return value
      return { ...value, items: value.items.map((item) => cleanAll(item, options)) }
  }
}

/**
 * One of the actions that the table leaves to the IOD: for a sequence the one that takes most away, for a value the one
 * that every IOD accepts.
 */
function chooseAction(tag: number, vr: string): 'remove' | 'empty' | 'dummy' | 'uid' | 'keep' {
  const action: Action | undefined = BASIC_PROFILE.get(tag)
  if (action === undefined) return vr === 'PN' ? 'empty' : 'keep'
  // References to other images, kept with new UIDs.
  if (action === 'X/Z/U*') return 'keep'
  if (action === 'X' || (vr === 'SQ' && action.startsWith('X'))) return 'remove'
  if (action === 'U') return 'uid'
  return action.endsWith('D') ? 'dummy' : 'empty'
}

/** UIDs of the standard itself name no patient: well-known frames of reference, for example. */
const WELL_KNOWN = /^1\.2\.840\.10008(\.\d{1,9})+$/

const newUidWith = (options: DeidentifyOptions) => (uid: string) =>
  uid === '' || WELL_KNOWN.test(uid) ? uid : options.newUid(uid)

const EMPTY: Value = { kind: 'bytes', bytes: new Uint8Array(0) }

const text = (tag: number, vr: string, value: string): Element => ({ tag, vr, value: bytesOf(value, vr) })

/** ASCII, padded to an even length (PS3.5 6.2). */
function bytesOf(value: string, vr: string): Value {
  const padded = value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' ')
  return { kind: 'bytes', bytes: new TextEncoder().encode(padded) }
}

/** Objects whose content is the report, the drawing or the document itself: the profile leaves dummies of them. */
const CONTENT: ReadonlyMap<number, string> = new Map([
  [0x0040a730, 'a structured report'],
  [0x00420011, 'an encapsulated document'],
  [0x00700001, 'a presentation state with annotations'],
  [0x00041220, 'a DICOMDIR; make a new one of the new files'],
])
/** PS3.3 C.7.3.1.1.1: scanned documents and films, screenshots of other kinds. */
const PHOTOGRAPHED = new Set(['DOC', 'HC', 'OT', 'SC', 'US', 'IVUS', 'XC', 'ES', 'GM', 'SM'])

/** What a clean header alone does not make anonymous. */
function refuseUncleanable(elements: readonly Element[], includeBurnedIn: boolean): void {
  for (const [tag, what] of CONTENT)
    if (elements.some((element) => element.tag === tag))
      throw new NeckFracError('input', `${what} (${tagName(tag)}) cannot be cleaned`)
  if (includeBurnedIn) return
  const why = burnedIn(elements)
  if (why !== null)
    throw new NeckFracError(
      'input',
      `the pixels may show who the patient is: ${why}. --include-burned-in takes it`,
    )
}

function burnedIn(elements: readonly Element[]): string | null {
  if (textOf(elements, 0x00280301).toUpperCase() === 'YES') return 'BurnedInAnnotation is YES'
  if (textOf(elements, SOP_CLASS_UID).startsWith(SECONDARY_CAPTURE)) return 'a secondary capture'
  const modality = textOf(elements, 0x00080060).toUpperCase()
  if (PHOTOGRAPHED.has(modality)) return `modality ${modality}`
  // Overlays without data of their own lie in the unused bits of the pixels (retired in 2004).
  const hasOverlay = (element: number) =>
    elements.some(({ tag }) => (tag & 0xff00ffff) >>> 0 === 0x60000000 + element)
  return hasOverlay(0x0102) && !hasOverlay(0x3000) ? 'an overlay in the bits of the pixels' : null
}
