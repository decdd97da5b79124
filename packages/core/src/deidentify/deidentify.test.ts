import { describe, expect, it, test } from 'vitest'
import { writeDeflatedSlice, writeSlice } from '../../test/dicom-bytes.ts'
import { parseInstance } from '../dicom/instance.ts'
import { uidOf } from '../dicom/uid.ts'
import { deidentify } from './deidentify.ts'
import type { Element, Value } from './elements.ts'
import { readDicomFile, textOf, writeDicomFile } from './file.ts'

const OPTIONS = { newUid: (uid: string) => uidOf(`new ${uid}`), pseudonym: () => 'P0' }
const SECRET = 'Mustermann^Erika'

const bytes = (text: string): Value => ({ kind: 'bytes', bytes: new TextEncoder().encode(text) })
const element = (tag: number, vr: string, text: string): Element => ({ tag, vr, value: bytes(text) })
const sequence = (tag: number, vr: string, ...items: Element[][]): Element => ({
  tag,
  vr,
  value: { kind: 'items', items, encoding: { explicit: vr === 'SQ', littleEndian: true } },
})

/** A CT slice with more elements than the test's writer knows. */
function fileWith(extra: readonly Element[], options = {}): Uint8Array {
  const file = readDicomFile(writeSlice({ value: (y, x) => 100 * y + x, ...options }))
  const elements = [...file.elements.filter(({ tag }) => extra.every((e) => e.tag !== tag)), ...extra]
  const meta = [element(0x00020010, 'UI', '1.2.840.10008.1.2.1\0'), element(0x00020016, 'AE', SECRET)]
  return writeDicomFile({ ...file, elements: elements.sort((a, b) => a.tag - b.tag) }, meta)
}

const contains = (haystack: Uint8Array, text: string): boolean => Buffer.from(haystack).includes(text)
const tagsOf = (file: Uint8Array): readonly number[] => readDicomFile(file).elements.map(({ tag }) => tag)

describe('deidentify', () => {
  it.each([
    ['the name', element(0x00100010, 'PN', SECRET)],
    ['a description', element(0x0008103e, 'LO', SECRET)],
    ['a private element', element(0x00091001, 'LO', SECRET)],
    ['a private sequence', sequence(0x00091002, 'SQ', [element(0x00080100, 'SH', SECRET)])],
    ['a private sequence in disguise', sequence(0x00091002, 'UN', [element(0x00080100, 'SH', SECRET)])],
    ['an element that no standard knows', element(0x00080ffe, 'LO', SECRET)],
    ['an overlay', element(0x60003000, 'OB', SECRET)],
    ['an overlay of another plane', element(0x60021500, 'LO', SECRET)],
    ['a curve', element(0x50003000, 'OB', SECRET)],
    ['a name that the table forgot', element(0x00142006, 'PN', SECRET)],
    ['a command in the data set', element(0x00000600, 'AE', SECRET)],
    ['a name in a sequence', sequence(0x00081199, 'SQ', [element(0x00100010, 'PN', SECRET)])],
    [
      'a name four sequences deep',
      sequence(0x00082218, 'SQ', [
        sequence(0x00082218, 'SQ', [sequence(0x00082218, 'SQ', [element(0x00081048, 'PN', SECRET)])]),
      ]),
    ],
    ['a name in a sequence written as UN', sequence(0x00082218, 'UN', [element(0x00100010, 'PN', SECRET)])],
    ['a sequence written as bytes', element(0x00082218, 'OB', SECRET)],
    ['a text written as sequence', sequence(0x00180015, 'SQ', [element(0x00180015, 'CS', SECRET)])],
    ['padding after the pixels', element(0xfffcfffc, 'OB', SECRET)],
  ])('takes out %s', (_, secret) => {
    const file = fileWith([secret])
    expect(contains(file, SECRET)).toBe(true)
    expect(contains(deidentify(file, OPTIONS).bytes, SECRET)).toBe(false)
  })

  it('keeps what the image needs, to the byte', () => {
    const before = fileWith([element(0x00081030, 'LO', 'Neck'), element(0x00189345, 'FD', '12345678')])
    const after = deidentify(before, OPTIONS).bytes
    const [old, copy] = [before, after].map((file) => readDicomFile(file).elements)
    const changed = [0x00080018, 0x0008103e, 0x00081030, 0x00100020, 0x0020000d, 0x0020000e]
    const kept = old.filter(({ tag }) => !changed.includes(tag))
    expect(kept.length).toBeGreaterThan(20)
    for (const one of kept) expect(copy).toContainEqual(one)
    const parsed = parseInstance('a', after)
    expect(parsed).toMatchObject({ kind: 'instance', instance: { format: { rows: 4 }, patientId: 'P0' } })
  })

  describe('a deflated file', () => {
    const options = { patientId: SECRET, description: SECRET, value: (y: number, x: number) => 100 * y + x }
    const deflated = writeDeflatedSlice(options)

    it('becomes what the same file does that is not', () => {
      const { bytes } = deidentify(deflated, OPTIONS)
      expect(bytes).toEqual(deidentify(writeSlice(options), OPTIONS).bytes)
      expect(contains(bytes, SECRET)).toBe(false)
    })

    it('is refused where it ends early, anywhere', () => {
      for (let end = 132; end < deflated.length; end++)
        expect(() => deidentify(deflated.subarray(0, end), OPTIONS), `${end}`).toThrow(
          /damaged|is given|missing/,
        )
    })

    it('is refused when it is a bomb', () => {
      const bomb = writeDeflatedSlice({ privateBytes: 2 ** 26 })
      expect(() => deidentify(bomb, OPTIONS)).toThrow('deflated data set of more than 64 MB')
    })
  })

  it('says what was done', () => {
    const { elements } = readDicomFile(deidentify(fileWith([element(0x00120062, 'CS', 'NO')]), OPTIONS).bytes)
    expect(textOf(elements, 0x00120062)).toBe('YES')
    expect(textOf(elements, 0x00120063)).toMatch(/^NeckFrac .* Basic Profile$/)
    expect(elements.filter(({ tag }) => tag === 0x00120062)).toHaveLength(1)
    expect(elements.find(({ tag }) => tag === 0x00120064)?.value.kind).toBe('items')
  })

  it('gives one UID the same new one wherever it stands', () => {
    const reference = sequence(0x00081140, 'SQ', [element(0x00081155, 'UI', '1.2.3')])
    const { bytes: out, sopInstanceUid } = deidentify(fileWith([reference], { sop: '1.2.3' }), OPTIONS)
    expect(sopInstanceUid).toBe(uidOf('new 1.2.3'))
    expect(Buffer.from(out).toString('latin1').split(sopInstanceUid)).toHaveLength(4)
  })

  it('keeps UIDs of the standard, and those that only look like them not', () => {
    const known = deidentify(fileWith([element(0x00200052, 'UI', '1.2.840.10008.1.4.1.1')]), OPTIONS)
    expect(contains(known.bytes, '1.2.840.10008.1.4.1.1')).toBe(true)
    const hostile = deidentify(fileWith([], { sop: '1.2.840.10008.1/../../x' }), OPTIONS)
    expect(hostile.sopInstanceUid).toMatch(/^2\.25\.\d+$/)
  })

  it('writes an empty preamble and its own file meta', () => {
    const file = fileWith([])
    file.set([0x4d, 0x5a], 0)
    const out = deidentify(file, OPTIONS).bytes
    expect(out.subarray(0, 128).every((byte) => byte === 0)).toBe(true)
    expect(contains(file, SECRET)).toBe(true)
    expect(contains(out, SECRET)).toBe(false)
  })

  it('keeps implicit little endian', () => {
    const out = deidentify(writeSlice({ implicit: true, meta: true, sop: '1.2.3' }), OPTIONS).bytes
    expect(readDicomFile(out).transferSyntaxUid).toBe('1.2.840.10008.1.2')
    expect(tagsOf(out)).toContain(0x00120064)
  })

  it('keeps the fragments of compressed pixels', () => {
    const fragments = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6)]
    const transferSyntax = '1.2.840.10008.1.2.4.70'
    const file = writeSlice({ fragments, transferSyntax, sop: '1.2.3' })
    const tail = file.subarray(file.length - 40)
    expect(Buffer.from(deidentify(file, OPTIONS).bytes).includes(Buffer.from(tail))).toBe(true)
  })

  it.each([
    ['burned in', element(0x00280301, 'CS', 'YES ')],
    ['a secondary capture', element(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.7.2\0')],
    ['ultrasound', element(0x00080060, 'CS', 'US')],
    ['an overlay in the pixels', element(0x60000102, 'US', '\x0c\0')],
  ])('refuses pixels that may show the patient, unless asked: %s', (_, mark) => {
    expect(() => deidentify(fileWith([mark]), OPTIONS)).toThrow('pixels may show')
    expect(deidentify(fileWith([mark]), { ...OPTIONS, includeBurnedIn: true }).bytes.length).toBeGreaterThan(
      0,
    )
  })

  it.each([
    ['a structured report', sequence(0x0040a730, 'SQ', [])],
    ['an encapsulated document', element(0x00420011, 'OB', SECRET)],
    ['is missing', element(0x0020000d, 'UI', '')],
    ['not one UID', element(0x00080018, 'UI', '1.2\\1.3')],
  ])('refuses %s', (reason, extra) => {
    expect(() => deidentify(fileWith([extra]), OPTIONS)).toThrow(reason)
  })
})

test('a file cut anywhere is refused or still clean', () => {
  const nested = sequence(0x00082218, 'SQ', [sequence(0x00082218, 'SQ', [element(0x00100010, 'PN', SECRET)])])
  const file = fileWith([nested, element(0x00100010, 'PN', SECRET)])
  const attempt = (bytes: Uint8Array) => {
    try {
      return deidentify(bytes, OPTIONS).bytes
    } catch (error) {
      expect(error).toMatchObject({ tag: 'input' })
      return null
    }
  }
  for (let end = 0; end < file.length; end++) {
    const out = attempt(file.subarray(0, end))
    if (out !== null) expect(contains(out, SECRET)).toBe(false)
  }
})

test('deep nesting does not end the stack', () => {
  let inner = element(0x00080100, 'SH', 'x ')
  for (let depth = 0; depth < 2000; depth++) inner = sequence(0x00082218, 'SQ', [inner])
  expect(() => deidentify(fileWith([inner]), OPTIONS)).toThrow('nested deeper')
})
