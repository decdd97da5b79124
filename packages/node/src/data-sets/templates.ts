import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import {
  buildStencil,
  buildTemplate,
  checkTemplate,
  isNeckFracError,
  NeckFracError,
  readNiftiLabels,
  type Stencil,
  type Template,
} from '@neckfrac/core'

/**
 * Label maps in a folder and below that show C1 to T1 whole, sorted by name. With VerSe's names
 * (`*_seg-vert_msk.nii.gz`) only those are read, else every NIfTI file. Maps of other parts of the spine are left out.
 * @throws NeckFracError usage when there is none, with what is wrong with the first
 */
export async function listTemplates(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((cause) => {
    throw new NeckFracError('usage', `--templates ${folder} cannot be read as a folder`, { cause })
  })
  const maps = names.filter((name) => /\.nii(\.gz)?$/.test(name)).sort()
  const verse = maps.filter((name) => /seg-vert_msk/.test(name))
  const refused: string[] = []
  const usable: string[] = []
  for (const name of verse.length > 0 ? verse : maps) {
    const path = join(folder, name)
    try {
      checkTemplate(readNiftiLabels(await readFile(path), path), path)
      usable.push(path)
    } catch (error) {
      if (!isNeckFracError(error)) throw error
      refused.push(error.message)
    }
  }
  if (usable.length > 0) return usable
  const why = refused[0] ?? 'it holds no .nii and no .nii.gz file'
  throw new NeckFracError('usage', `--templates ${folder} holds no label map to make necks from: ${why}`)
}

const templateName = (path: string): string => basename(path).replace(/\.nii(\.gz)?$/, '')

const built = new Map<string, Template>()

/** Templates that are built when first drawn, once a thread: that takes seconds. */
export const openTemplates = (paths: readonly string[]): Template[] =>
  paths.map((path) => ({
    name: templateName(path),
    deform: (random) => {
      const template = built.get(path) ?? buildTemplate(readNiftiLabels(readFileSync(path), path), path)
      built.set(path, template)
      return template.deform(random)
    },
  }))

const stencils = new Map<string, Stencil>()

/** A label map as a stencil, built once a thread: that takes seconds. */
export function openStencil(path: string): Stencil {
  const stencil =
    stencils.get(path) ?? buildStencil(readNiftiLabels(readFileSync(path), path), templateName(path))
  stencils.set(path, stencil)
  return stencil
}
