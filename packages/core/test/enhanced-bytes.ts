/** Multi-frame and big-endian DICOM files for tests, written by hand so that they share no code with the reader under test. */

import { ascii, concat } from './dicom-bytes.ts'

/** Items of a sequence are elements in turn. */
export type TestElement = readonly [
  tag: number,
  vr: string,
  value: string | number | Uint8Array | readonly (readonly TestElement[])[],
]

export type EnhancedOptions = {
  readonly frames?: number
  /** Stored value of every pixel of a frame. */
  readonly value?: (frame: number) => number
  /** Distance between frames along z, mm. */
  readonly stepMm?: number
  readonly rows?: number
  readonly columns?: number
  /** What the file claims, when it is not what it holds. */
  readonly claimedFrames?: number
  readonly transferSyntax?: string
  readonly bigEndian?: boolean
  /** Legacy-converted images keep what enhanced ones have no place for in sequences of their own. */
  readonly legacy?: boolean
  readonly withoutGroups?: boolean
  /** In place of native pixels: items after the offset table. */
  readonly fragments?: readonly Uint8Array[]
  readonly offsetTable?: readonly number[]
  /** Writes an extended offset table, of zeros: its VR is what a reader must know. */
  readonly extendedOffsetTable?: boolean
}

/** Enhanced CT: frame k lies at z = k * stepMm, has the intercept -1000 - k and the kernel B60; the rest is shared. */
export function writeEnhanced(options: EnhancedOptions = {}): Uint8Array {
  const { frames = 3, rows = 4, columns = 4, stepMm = 1, bigEndian = false, legacy = false } = options
  const perFrame = Array.from({ length: frames }, (_, k): readonly TestElement[] => [
    [0x00209113, 'SQ', [[[0x00200032, 'DS', `-10\\-20\\${k * stepMm}`]]]],
    [
      0x00289145,
      'SQ',
      [
        [
          [0x00281052, 'DS', String(-1000 - k)],
          [0x00281053, 'DS', '2'],
          [0x00281054, 'LO', 'HU'],
        ],
      ],
    ],
    ...(legacy ? [[0x00209171, 'SQ', [[[0x00181210, 'SH', 'B60']]]] as const] : []),
  ])
  const shared: readonly TestElement[] = [
    ...(legacy ? [] : [[0x00189314, 'SQ', [[[0x00181210, 'SH', 'B60']]]] as const]),
    [0x00189329, 'SQ', [[[0x00089007, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL\\NONE']]]],
    [0x00209116, 'SQ', [[[0x00200037, 'DS', '1\\0\\0\\0\\1\\0']]]],
    [
      0x00289110,
      'SQ',
      [
        [
          [0x00180050, 'DS', '1.5'],
          [0x00280030, 'DS', '0.5\\0.25'],
        ],
      ],
    ],
  ]
  const elements: readonly TestElement[] = [
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\VOLUME\\NONE'],
    [0x00080016, 'UI', legacy ? '1.2.840.10008.5.1.4.1.1.2.2' : '1.2.840.10008.5.1.4.1.1.2.1'],
    [0x00080018, 'UI', '1.2.3.4'],
    [0x00080060, 'CS', 'CT'],
    [0x00100020, 'LO', 'P1'],
    [0x0020000d, 'UI', '1.2.1'],
    [0x0020000e, 'UI', '1.2.2'],
    [0x00280002, 'US', 1],
    [0x00280008, 'IS', String(options.claimedFrames ?? frames)],
    [0x00280010, 'US', rows],
    [0x00280011, 'US', columns],
    [0x00280100, 'US', 16],
    [0x00280101, 'US', 16],
    [0x00280102, 'US', 15],
    [0x00280103, 'US', 0],
    ...(options.withoutGroups
      ? []
      : ([
          [0x52009229, 'SQ', [shared]],
          [0x52009230, 'SQ', perFrame],
        ] as const)),
    ...(options.extendedOffsetTable
      ? ([
          [0x7fe00001, 'OV', new Uint8Array(8 * frames)],
          [0x7fe00002, 'OV', new Uint8Array(8 * frames)],
        ] as const)
      : []),
  ]
  const syntax = options.transferSyntax ?? `1.2.840.10008.1.2.${bigEndian ? '2' : '1'}`
  const pixels = new Uint8Array(2 * frames * rows * columns)
  const view = new DataView(pixels.buffer)
  for (let at = 0; at < pixels.length; at += 2)
    view.setUint16(at, options.value?.(Math.floor(at / (2 * rows * columns))) ?? 0, !bigEndian)
  return concat([
    new Uint8Array(128),
    ascii('DICM'),
    encode([0x00020010, 'UI', syntax], false),
    ...elements.map((element) => encode(element, bigEndian)),
    options.fragments === undefined
      ? encode([0x7fe00010, 'OW', pixels], bigEndian)
      : encapsulate(options.fragments, options.offsetTable ?? []),
  ])
}

/** PixelData of fragments (PS3.5 A.4). */
export function encapsulate(fragments: readonly Uint8Array[], offsetTable: readonly number[]): Uint8Array {
  const item = (value: Uint8Array) =>
    concat([tagBytes(0xfffee000, false), number(value.length, 4, false), value])
  return concat([
    tagBytes(0x7fe00010, false),
    ascii('OB'),
    new Uint8Array(2),
    number(0xffffffff, 4, false),
    item(concat(offsetTable.map((offset) => number(offset, 4, false)))),
    ...fragments.map(item),
    tagBytes(0xfffee0dd, false),
    number(0, 4, false),
  ])
}

function encode([tag, vr, value]: TestElement, bigEndian: boolean): Uint8Array {
  const bytes =
    typeof value === 'string'
      ? ascii(value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' '))
      : typeof value === 'number'
        ? number(value, 2, bigEndian)
        : value instanceof Uint8Array
          ? value
          : concat(value.map((item) => encodeItem(item, bigEndian)))
  const isLong = ['OB', 'OV', 'OW', 'SQ'].includes(vr)
  const length = isLong
    ? concat([new Uint8Array(2), number(bytes.length, 4, bigEndian)])
    : number(bytes.length, 2, bigEndian)
  return concat([tagBytes(tag, bigEndian), ascii(vr), length, bytes])
}

function encodeItem(item: readonly TestElement[], bigEndian: boolean): Uint8Array {
  const body = concat(item.map((element) => encode(element, bigEndian)))
  return concat([tagBytes(0xfffee000, bigEndian), number(body.length, 4, bigEndian), body])
}

const tagBytes = (tag: number, bigEndian: boolean): Uint8Array =>
  concat([number(tag >>> 16, 2, bigEndian), number(tag & 0xffff, 2, bigEndian)])

function number(value: number, bytes: 2 | 4, bigEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes))
  if (bytes === 2) view.setUint16(0, value, !bigEndian)
  else view.setUint32(0, value, !bigEndian)
  return new Uint8Array(view.buffer)
}
