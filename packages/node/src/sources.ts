import { realpath, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { isZip, NeckFracError, type Source } from '@neckfrac/core'
import { codeOf } from './error-code.ts'
import { openFolder } from './sources/folder.ts'
import { localFile, readRange } from './sources/local-file.ts'
import { openZip } from './sources/zip.ts'

/** Opens a folder, a zip archive or a single file. @throws NeckFracError input when there is no such path */
export async function openSource(path: string): Promise<Source> {
  const place = await locate(path)
  if (place.isFolder) return openFolder(path, place.real)
  if (isZip(await readRange(place.real, { start: 0, end: 4 }))) return openZip(path, place.real)
  return { name: path, files: async () => [localFile(basename(path), place.real, place.size)] }
}

async function locate(path: string) {
  try {
    const real = await realpath(path)
    const { size, isFolder, isFile } = await stat(real).then((s) => ({
      size: s.size,
      isFolder: s.isDirectory(),
      isFile: s.isFile(),
    }))
    if (isFolder || isFile) return { real, size, isFolder }
  } catch (cause) {
    const code = codeOf(cause)
    const what =
      code === 'ENOENT' || code === 'ENOTDIR' ? 'no such file or folder' : `cannot be opened (${code})`
    throw new NeckFracError('input', `${path}: ${what}. Give a folder, a .zip, a DICOM or a NIfTI file.`, {
      cause,
    })
  }
  throw new NeckFracError('input', `${path}: neither a file nor a folder`)
}
