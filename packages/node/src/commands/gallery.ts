import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Exhibit,
  encodeSheet,
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
  /** Only these findings; all when absent. */
  readonly types?: readonly string[] | undefined
  readonly workers: number
  readonly signal?: AbortSignal
  readonly onRow?: (done: number, total: number) => void
}

/**
 * Writes contact sheets of all fracture types and of all look-alikes, one row a type, so that a person sees at once
 * what the phantoms teach. @returns The files.
 */
export async function writeGallery(options: GalleryOptions): Promise<string[]> {
  const { gallery, seed, family, types, workers, signal, onRow } = options
  const sheets = [
    { name: 'fractures.png', findings: only(listFractures(), types) },
    { name: 'look-alikes.png', findings: only(listLookAlikes(), types) },
  ].filter((sheet) => sheet.findings.length > 0)
  if (sheets.length === 0) {
    const known = [...listFractures(), ...listLookAlikes()].map((f) => f.type)
    throw new NeckFracError(
      'usage',
      `no finding is called ${types?.join(' or ')}; there are ${known.join(', ')}`,
    )
  }
  const templates = options.templates === undefined ? [] : await listTemplates(options.templates)
  const pool = createPool<typeof tasks>(new URL('./gallery-worker.ts', import.meta.url), workers)
  const total = sheets.reduce((sum, sheet) => sum + sheet.findings.length, 0)
  let done = 0
  const draw = async (finding: Exhibit) => {
    const row = await pool.run(
      'drawRow',
      { finding, seed, family, templates },
      { label: finding.type, signal },
    )
    onRow?.(++done, total)
    return row
  }
  try {
    await mkdir(gallery, { recursive: true })
    return await Promise.all(
      sheets.map(async ({ name, findings }) => {
        const file = join(gallery, name)
        await writeAtomically(file, encodeSheet(await Promise.all(findings.map(draw))))
        return file
      }),
    )
  } finally {
    await pool.dispose()
  }
}

const only = (findings: Exhibit[], types: readonly string[] | undefined): Exhibit[] =>
  types ? findings.filter((f) => types.includes(f.type)) : findings
