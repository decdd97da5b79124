import { concatBytes } from '../bytes.ts'
import { NeckFracError } from '../errors.ts'
import type { SourceFile } from '../ports.ts'

/** Bytes of one frame of an encapsulated value in the file: one fragment or several. */
export type FrameParts = readonly Fragment[]

/** One item of an encapsulated value. */
export type Fragment = {
  /** First byte of the item's tag in the file. */
  readonly at: number
  /** Bytes of the item's value, which begins 8 bytes later. */
  readonly length: number
  /** The value's first two bytes. */
  readonly begins: number
}

/** Tags of an item and of the end of a sequence, read as one number in little endian. */
const ITEM = 0xe000fffe
const SEQUENCE_DELIMITER = 0xe0ddfffe
const HEADER_BYTES = 8
/** Bytes read at a time in search of items: fragments of a CT are larger, those of an attack smaller. */
const WINDOW = 4096
/** A frame has one fragment in nearly every file. */
const MOST_FRAGMENTS = 2 ** 20

/**
 * The only frame of an encapsulated value: every fragment after the offset table, joined (PS3.5 A.4). A value that ends
 * early is refused: decoders fill what is missing with values that nobody measured. @throws NeckFracError input
 */
export function joinFragments(value: Uint8Array): Uint8Array {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const fragments: Uint8Array[] = []
  let isComplete = false
  for (let at = 0, item = 0; at + 4 <= value.length; item++) {
    const tag = view.getUint32(at, true)
    // Some writers leave out the length of the delimiter, which is always 0.
    isComplete = tag === SEQUENCE_DELIMITER
    if (tag !== ITEM || at + HEADER_BYTES > value.length) break
    const end = at + HEADER_BYTES + view.getUint32(at + 4, true)
    // The first item is the offset table.
    if (item > 0) fragments.push(value.subarray(at + HEADER_BYTES, end))
    at = end
  }
  if (!isComplete) throw truncated()
  return fragments.length === 1 ? fragments[0] : concatBytes(fragments)
}

/** Finds the frames of an encapsulated value by the headers of its items; no frame is read. @throws NeckFracError input */
export async function locateFrames(
  file: SourceFile,
  offset: number,
  frames: number,
): Promise<readonly FrameParts[]> {
  const [table, ...fragments] = await listItems(file, offset)
  if (table === undefined) throw truncated()
  if (fragments.length === frames) return fragments.map((fragment) => [fragment])
  if (fragments.length < frames)
    throw new NeckFracError('input', `${fragments.length} fragments cannot hold ${frames} frames`)
  const parts =
    table.length > 0
      ? splitAt(fragments, await readTable(file, table))
      : splitWhere(fragments, ({ begins }) => START_OF_IMAGE.has(begins))
  if (parts.length !== frames)
    throw new NeckFracError(
      'input',
      `${fragments.length} fragments make ${parts.length} images, not ${frames} frames`,
    )
  return parts
}

/** First bytes of a JPEG or JPEG-LS image, and of a JPEG 2000 code stream. */
const START_OF_IMAGE = new Set([0xffd8, 0xff4f])

/** One frame, its fragments joined. @throws NeckFracError input */
export async function readParts(file: SourceFile, parts: FrameParts): Promise<Uint8Array> {
  const values = await Promise.all(
    parts.map(({ at, length }) => file.read({ start: at + HEADER_BYTES, end: at + HEADER_BYTES + length })),
  )
  if (values.some((value, n) => value.length !== parts[n].length)) throw truncated()
  return values.length === 1 ? values[0] : concatBytes(values)
}

async function listItems(file: SourceFile, offset: number): Promise<readonly Fragment[]> {
  const items: Fragment[] = []
  let window: Uint8Array = new Uint8Array(0)
  let from = 0
  for (let at = offset; items.length < MOST_FRAGMENTS; ) {
    if (at < from || at + HEADER_BYTES + 2 > from + window.length) {
      window = await file.read({ start: at, end: Math.min(at + WINDOW, file.size) })
      from = at
    }
    const view = new DataView(window.buffer, window.byteOffset + at - from, window.length - (at - from))
    if (view.byteLength < 4) throw truncated()
    const tag = view.getUint32(0, true)
    if (tag === SEQUENCE_DELIMITER) return items
    if (tag !== ITEM || view.byteLength < HEADER_BYTES) throw truncated()
    const length = view.getUint32(4, true)
    items.push({ at, length, begins: view.byteLength < HEADER_BYTES + 2 ? 0 : view.getUint16(8) })
    at += HEADER_BYTES + length
  }
  throw new NeckFracError('input', `more than ${MOST_FRAGMENTS} fragments`)
}

/** Offsets of the frames' first items, counted from the item after the table (PS3.5 A.4). */
async function readTable(file: SourceFile, table: Fragment): Promise<ReadonlySet<number>> {
  const bytes = await readParts(file, [table])
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = table.at + HEADER_BYTES + table.length
  const starts = new Set<number>()
  for (let at = 0; at + 4 <= bytes.length; at += 4) starts.add(first + view.getUint32(at, true))
  return starts
}

function splitAt(fragments: readonly Fragment[], starts: ReadonlySet<number>): readonly FrameParts[] {
  const parts = splitWhere(fragments, ({ at }) => starts.has(at))
  if (parts.length !== starts.size)
    throw new NeckFracError('input', 'the offset table names bytes between fragments')
  return parts
}

function splitWhere(
  fragments: readonly Fragment[],
  isFirst: (fragment: Fragment) => boolean,
): readonly FrameParts[] {
  const parts: Fragment[][] = []
  for (const [n, fragment] of fragments.entries()) {
    if (n === 0 || isFirst(fragment)) parts.push([])
    parts[parts.length - 1].push(fragment)
  }
  return parts
}

const truncated = (): NeckFracError =>
  new NeckFracError('input', 'truncated: the compressed pixels have no end')
