import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LEVELS, type Level, NeckFracError, type SliceBox, type SliceOrigin } from '@neckfrac/core'

/** Lies beside train.csv where `neckfrac phantom` wrote the studies. */
export const SYNTHETIC_FILE = 'SYNTHETIC.txt'

/** A box of train_bounding_boxes.csv; the slice is named by its file. */
export type FileBox = {
  readonly slice: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** One study of a data set in RSNA's layout. */
export type RsnaStudy = {
  readonly uid: string
  /** Whether the data set says that its studies are phantoms. */
  readonly synthetic: boolean
  readonly images: string
  /** NIfTI mask, null where there is none. */
  readonly mask: string | null
  readonly fractured: Readonly<Record<Level, boolean>>
  readonly boxes: readonly FileBox[]
}

/** What the index says of a study: a phantom stays one on its way through files. */
export const originOf = ({ synthetic }: RsnaStudy) => (synthetic ? 'phantom' : 'dicom')

/** Lists the studies of a data set in RSNA's layout, as train.csv orders them. */
export async function listRsnaStudies(root: string): Promise<RsnaStudy[]> {
  const labels = await readTable(join(root, 'train.csv'), ['StudyInstanceUID', ...LEVELS])
  const boxPath = join(root, 'train_bounding_boxes.csv')
  const boxes = existsSync(boxPath)
    ? await readTable(boxPath, ['StudyInstanceUID', 'x', 'y', 'width', 'height', 'slice_number'])
    : []
  const boxesOf = Map.groupBy(boxes, (row) => row.StudyInstanceUID)
  const masks = new Set(
    existsSync(join(root, 'segmentations')) ? await readdir(join(root, 'segmentations')) : [],
  )
  const synthetic = existsSync(join(root, SYNTHETIC_FILE))
  return labels.map((row) => {
    const uid = row.StudyInstanceUID
    // The uid becomes a path: nothing but a uid may.
    if (!/^\d+(\.\d+)*$/.test(uid) || uid.length > 64)
      throw new NeckFracError('data', `train.csv: "${uid}" is no UID`)
    const mask = [`${uid}.nii`, `${uid}.nii.gz`].find((name) => masks.has(name))
    return {
      uid,
      synthetic,
      images: join(root, 'train_images', uid),
      mask: mask ? join(root, 'segmentations', mask) : null,
      fractured: Object.fromEntries(LEVELS.map((l) => [l, flag(row[l], uid, l)])) as RsnaStudy['fractured'],
      boxes: (boxesOf.get(uid) ?? []).map((box) => ({
        slice: box.slice_number,
        x: number(box.x, uid),
        y: number(box.y, uid),
        width: number(box.width, uid),
        height: number(box.height, uid),
      })),
    }
  })
}

/** RSNA names a slice by its file: 17 is 17.dcm, wherever the volume has it. */
export function placeBoxes(
  boxes: readonly FileBox[],
  slices: readonly SliceOrigin[],
): { boxes: SliceBox[]; unknown: string[] } {
  const zOf = new Map(slices.map(({ path }, z) => [basename(path).replace(/\.[^.]*$/, ''), z]))
  const unknown: string[] = []
  const placed = boxes.flatMap(({ slice, ...box }) => {
    const sliceIndex = zOf.get(slice)
    if (sliceIndex !== undefined) return [{ ...box, sliceIndex }]
    unknown.push(slice)
    return []
  })
  return { boxes: placed, unknown }
}

function flag(text: string, uid: string, level: Level): boolean {
  if (text !== '0' && text !== '1')
    throw new NeckFracError('data', `train.csv, study ${uid}: ${level} is "${text}", not 0 or 1`)
  return text === '1'
}

function number(text: string, uid: string): number {
  const value = Number(text)
  if (text === '' || !Number.isFinite(value))
    throw new NeckFracError('data', `train_bounding_boxes.csv, study ${uid}: "${text}" is no number`)
  return value
}

/** Rows of a CSV file by column name. RSNA's tables hold numbers and UIDs only: nothing is quoted. */
async function readTable(path: string, columns: readonly string[]): Promise<Record<string, string>[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new NeckFracError('data', `cannot read ${path}: is this a folder in RSNA's layout?`, { cause })
  })
  const [header, ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const names = header.split(',').map((name) => name.trim())
  const missing = columns.find((column) => !names.includes(column))
  if (missing) throw new NeckFracError('data', `${path} has no column "${missing}" but ${header}`)
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const cells = line.split(',')
      return Object.fromEntries(names.map((name, n) => [name, (cells[n] ?? '').trim()]))
    })
}
