import { concatBytes } from '../bytes.ts'
import { NeckFracError } from '../errors.ts'
import { standardVr, tagName } from './dictionary.ts'

/** How elements are written down (PS3.5 7.1). */
export type Encoding = { readonly explicit: boolean; readonly littleEndian: boolean }

export const EXPLICIT_LE: Encoding = { explicit: true, littleEndian: true }
const IMPLICIT_LE: Encoding = { explicit: false, littleEndian: true }

/** One data element. What is kept is written with the very bytes that were read. */
export type Element = {
  /** gggg * 0x10000 + eeee */
  readonly tag: number
  /** As written; from the dictionary where the encoding is implicit, UN where that does not know it. */
  readonly vr: string
  readonly value: Value
}

export type Value =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'items'; readonly items: readonly (readonly Element[])[]; readonly encoding: Encoding }
  /** Encapsulated pixels: offset table, fragments and their delimiter. */
  | { readonly kind: 'fragments'; readonly bytes: Uint8Array }

const PIXEL_DATA = 0x7fe00010
const ITEM = 0xfffee000
const ITEM_END = 0xfffee00d
const SEQUENCE_END = 0xfffee0dd
const UNDEFINED = 0xffffffff
/** VRs with a 32-bit length in explicit encodings (PS3.5 7.1.2), and with a 16-bit one. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])
const SHORT = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '))
/** An enhanced multi-frame image of 10,000 frames holds about as many; far more is an attack on memory. */
const MAX_ELEMENTS = 1_000_000
/** Structured reports nest some ten levels. */
const MAX_DEPTH = 32

/**
 * Reads data elements to the end of the bytes, or as long as `while_` says, and refuses whatever is not exactly as
 * PS3.5 says: what cannot be understood cannot be cleaned. @throws NeckFracError input
 */
export class ElementReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at: number
  #elements = 0

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
  }

  /** The elements of the file meta information, which end where another group begins. */
  readMeta(): readonly Element[] {
    const elements: Element[] = []
    while (this.#at + 2 <= this.#bytes.length && this.#view.getUint16(this.#at, true) === 2)
      elements.push(this.#readElement(EXPLICIT_LE, this.#bytes.length, 0))
    return elements
  }

  /** All bytes that were not read yet. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at)
  }

  readDataSet(encoding: Encoding): readonly Element[] {
    return this.#readElements(encoding, this.#bytes.length, false, 0)
  }

  #readElements(encoding: Encoding, end: number, delimited: boolean, depth: number): readonly Element[] {
    const elements: Element[] = []
    while (this.#at < end) {
      if (delimited && this.#peekTag(encoding, end) === ITEM_END) {
        this.#readItemHeader(encoding, end)
        return elements
      }
      elements.push(this.#readElement(encoding, end, depth))
    }
    if (delimited) throw damaged('an item without its end')
    return elements
  }

  #readElement(encoding: Encoding, end: number, depth: number): Element {
    if (++this.#elements > MAX_ELEMENTS) throw damaged(`more than ${MAX_ELEMENTS} elements`)
    const { littleEndian } = encoding
    const tag = this.#peekTag(encoding, end)
    if (tag >= ITEM && tag <= SEQUENCE_END) throw damaged(`${tagName(tag)} outside a sequence`)
    this.#at += 4
    let vr = encoding.explicit ? this.#ascii(2, end) : (standardVr(tag) ?? 'UN')
    let length: number
    if (!encoding.explicit) length = this.#uint32(littleEndian, end)
    else if (SHORT.has(vr)) {
      this.#need(2, end)
      length = this.#view.getUint16(this.#at, littleEndian)
      this.#at += 2
    } else if (LONG.has(vr)) {
      this.#take(2, end)
      length = this.#uint32(littleEndian, end)
    } else throw damaged(`${tagName(tag)} has no VR of the standard`)

    if (length === UNDEFINED && tag === PIXEL_DATA)
      return { tag, vr, value: this.#readFragments(encoding, end) }
    // An UN that holds a sequence is written in implicit little endian (PS3.5 6.2.2).
    const isHidden = encoding.explicit && vr === 'UN' && (length === UNDEFINED || standardVr(tag) === 'SQ')
    if (vr !== 'SQ' && !isHidden) {
      if (length !== UNDEFINED || encoding.explicit)
        return { tag, vr, value: { kind: 'bytes', bytes: this.#take(length, end) } }
      vr = 'SQ'
    }
    const inner = isHidden ? IMPLICIT_LE : encoding
    const items = this.#readItems(inner, length, end, depth + 1)
    return { tag, vr, value: { kind: 'items', items, encoding: inner } }
  }

  #readItems(encoding: Encoding, length: number, outerEnd: number, depth: number) {
    if (depth > MAX_DEPTH) throw damaged(`sequences nested deeper than ${MAX_DEPTH}`)
    const isDelimited = length === UNDEFINED
    if (!isDelimited) this.#need(length, outerEnd)
    const end = isDelimited ? outerEnd : this.#at + length
    const items: (readonly Element[])[] = []
    while (this.#at < end) {
      const { tag, length: size } = this.#readItemHeader(encoding, end)
      if (isDelimited && tag === SEQUENCE_END) return items
      if (tag !== ITEM) throw damaged(`${tagName(tag)} in place of an item`)
      if (++this.#elements > MAX_ELEMENTS) throw damaged(`more than ${MAX_ELEMENTS} items`)
      if (size !== UNDEFINED) this.#need(size, end)
      const itemEnd = size === UNDEFINED ? end : this.#at + size
      items.push(this.#readElements(encoding, itemEnd, size === UNDEFINED, depth))
    }
    if (isDelimited) throw damaged('a sequence without its end')
    return items
  }

  #readFragments(encoding: Encoding, end: number): Value {
    const start = this.#at
    for (;;) {
      const { tag, length } = this.#readItemHeader(encoding, end)
      if (tag === SEQUENCE_END) return { kind: 'fragments', bytes: this.#bytes.subarray(start, this.#at) }
      if (tag !== ITEM) throw damaged(`${tagName(tag)} in place of a fragment of the pixels`)
      this.#take(length, end)
    }
  }

  #readItemHeader({ littleEndian }: Encoding, end: number) {
    const tag = this.#peekTag({ explicit: false, littleEndian }, end)
    this.#at += 4
    return { tag, length: this.#uint32(littleEndian, end) }
  }

  #peekTag({ littleEndian }: Encoding, end: number): number {
    this.#need(4, end)
    return (
      this.#view.getUint16(this.#at, littleEndian) * 0x10000 +
      this.#view.getUint16(this.#at + 2, littleEndian)
    )
  }

  #uint32(littleEndian: boolean, end: number): number {
    this.#need(4, end)
    this.#at += 4
    return this.#view.getUint32(this.#at - 4, littleEndian)
  }

  #ascii(length: number, end: number): string {
    return String.fromCharCode(...this.#take(length, end))
  }

  #take(length: number, end: number): Uint8Array {
    this.#need(length, end)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #need(length: number, end: number): void {
    if (this.#at + length > end)
      throw damaged(`it ends ${this.#at + length - end} bytes early at byte ${this.#at}`)
  }
}

const damaged = (what: string): NeckFracError => new NeckFracError('input', `damaged DICOM file: ${what}`)

/** The elements as bytes. Sequences and items get delimiters in place of lengths. */
export function writeElements(elements: readonly Element[], encoding: Encoding): Uint8Array {
  const parts: Uint8Array[] = []
  append(elements, encoding, parts)
  return concatBytes(parts)
}

function append(elements: readonly Element[], encoding: Encoding, parts: Uint8Array[]): void {
  for (const { tag, vr, value } of elements) {
    const length = value.kind === 'bytes' ? value.bytes.length : UNDEFINED
    parts.push(header(tag, vr, length, encoding))
    if (value.kind !== 'items') parts.push(value.bytes)
    else {
      for (const item of value.items) {
        parts.push(delimiter(ITEM, UNDEFINED, value.encoding))
        append(item, value.encoding, parts)
        parts.push(delimiter(ITEM_END, 0, value.encoding))
      }
      parts.push(delimiter(SEQUENCE_END, 0, value.encoding))
    }
  }
}

function header(tag: number, vr: string, length: number, { explicit, littleEndian }: Encoding): Uint8Array {
  if (!explicit) return delimiter(tag, length, { explicit, littleEndian })
  const isLong = LONG.has(vr)
  const bytes = new Uint8Array(isLong ? 12 : 8)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, tag >>> 16, littleEndian)
  view.setUint16(2, tag & 0xffff, littleEndian)
  bytes[4] = vr.charCodeAt(0)
  bytes[5] = vr.charCodeAt(1)
  if (isLong) view.setUint32(8, length, littleEndian)
  else view.setUint16(6, length, littleEndian)
  return bytes
}

function delimiter(tag: number, length: number, { littleEndian }: Encoding): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, tag >>> 16, littleEndian)
  view.setUint16(2, tag & 0xffff, littleEndian)
  view.setUint32(4, length, littleEndian)
  return bytes
}
