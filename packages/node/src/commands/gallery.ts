import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Exhibit,
  encodeSheet,
  FAMILIES,
  type FamilyName,
  listFractures,
  listLookAlikes,
  NeckFracError,
} from '@neckfrac/core'
import { writeAtomically } from '../atomic-file.ts'
import { listTemplates } from '../data-sets/templates.ts'
import { createPool } from '../pool.ts'
import type * as tasks from './gallery-worker.ts'

export type GalleryOptions = {
  readonly gallery: string
  readonly seed: number
  readonly family: FamilyName
  /** Folder of label maps. */
  readonly templates?: string | undefined
  /** Only these findings, `necks` for whole necks; everything when absent. */
  readonly types?: readonly string[] | undefined
  readonly workers: number
  readonly signal?: AbortSignal
  readonly onRow?: (done: number, total: number) => void
}

type Row = { readonly exhibit: Exhibit | null; readonly seed: number; readonly family: FamilyName }
type Sheet = { readonly file: string; readonly title: string; readonly rows: readonly Row[] }

/** Whole necks of each family. */
const NECKS = 2

/**
 * Writes contact sheets of all fracture types, of all look-alikes and of whole necks, so that a person sees at once
 * what the phantoms teach. @returns The files.
 */
export async function writeGallery(options: GalleryOptions): Promise<string[]> {
  const { gallery, workers, signal, onRow } = options
  const sheets = sheetsOf(options)
  const templates = options.templates === undefined ? [] : await listTemplates(options.templates)
  const pool = createPool<typeof tasks>(new URL('./gallery-worker.ts', import.meta.url), workers)
  const total = sheets.reduce((sum, sheet) => sum + sheet.rows.length, 0)
  let done = 0
  const draw = async (row: Row) => {
    const picture = await pool.run('drawRow', { ...row, templates }, { label: nameOf(row), signal })
    onRow?.(++done, total)
    return picture
  }
  try {
    await mkdir(gallery, { recursive: true })
    return await Promise.all(
      sheets.map(async ({ file, title, rows }) => {
        const path = join(gallery, file)
        await writeAtomically(path, encodeSheet(title, await Promise.all(rows.map(draw))))
        return path
      }),
    )
  } finally {
    await pool.dispose()
  }
}

const nameOf = ({ exhibit }: Row): string => exhibit?.type ?? 'necks'

/** Sheets that hold something. @throws NeckFracError usage when a type does not exist */
function sheetsOf({ seed, family, templates, types }: GalleryOptions): Sheet[] {
  const finding = (exhibit: Exhibit): Row => ({ exhibit, seed, family })
  const families = FAMILIES.filter((name) => (templates === undefined ? name === family : true))
  const all: Sheet[] = [
    { file: 'fractures.png', title: `fractures. ${LEGEND}`, rows: listFractures().map(finding) },
    { file: 'look-alikes.png', title: `no fractures. ${LEGEND}`, rows: listLookAlikes().map(finding) },
    {
      file: 'necks.png',
      title: 'synthetic necks of each family',
      rows: families.flatMap((name) =>
        Array.from({ length: NECKS }, (_, n): Row => ({ exhibit: null, seed: seed + n, family: name })),
      ),
    },
  ]
  const known = new Set(all.flatMap((sheet) => sheet.rows.map(nameOf)))
  const unknown = types?.filter((type) => !known.has(type)) ?? []
  if (unknown.length > 0)
    throw new NeckFracError(
      'usage',
      `no ${unknown.join(', ')} in the gallery; it has ${[...known].join(', ')}`,
    )
  return all
    .map((sheet) => ({ ...sheet, rows: sheet.rows.filter((row) => types?.includes(nameOf(row)) ?? true) }))
    .filter((sheet) => sheet.rows.length > 0)
}

const LEGEND = 'Severity 0.3 and 0.8. Bone window. Corners: the box in the truth. Bar: 10 mm. Synthetic'
