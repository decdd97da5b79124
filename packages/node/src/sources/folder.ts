import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { sep } from 'node:path'
import { NeckFracError, type Source, type SourceFile } from '@neckfrac/core'
import { codeOf } from '../error-code.ts'
import { localFile } from './local-file.ts'

/**
 * All files under a folder, sorted by path. Symbolic links count as long as they stay inside the folder; what cannot be
 * read, as links that leave it, is a file whose reading says why. Names are bytes: those written on another system need
 * not be UTF-8.
 */
export function openFolder(name: string, root: string): Source {
  return {
    name,
    files: async () => {
      const files: SourceFile[] = []
      const place = Buffer.from(root)
      await walk(place, place, '', new Set([keyOf(place)]), files)
      return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    },
  }
}

async function walk(
  root: Buffer,
  folder: Buffer,
  prefix: string,
  visited: Set<string>,
  files: SourceFile[],
): Promise<void> {
  let entries: Dirent<Buffer>[]
  try {
    entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' })
  } catch (error) {
    files.push(unreadable(prefix, `the folder cannot be opened (${codeOf(error) || error})`))
    return
  }
  const found = await Promise.all(entries.map((entry) => inspect(root, folder, entry)))
  for (const entry of found) {
    const path = `${prefix}${textOf(entry.name)}`
    if (entry.kind === 'file') files.push(localFile(path, entry.location, entry.size))
    else if (entry.kind === 'neither') files.push(unreadable(path, entry.reason))
    else if (!visited.has(keyOf(entry.location))) {
      visited.add(keyOf(entry.location))
      await walk(root, entry.location, `${path}/`, visited, files)
    }
  }
}

type Found = { readonly name: Buffer } & (
  | { readonly kind: 'folder'; readonly location: Buffer }
  | { readonly kind: 'file'; readonly location: Buffer; readonly size: number }
  | { readonly kind: 'neither'; readonly reason: string }
)

/** What an entry stands for. */
async function inspect(root: Buffer, folder: Buffer, entry: Dirent<Buffer>): Promise<Found> {
  const { name } = entry
  const isLink = entry.isSymbolicLink()
  let location = Buffer.concat([folder, SEPARATOR, name])
  if (entry.isDirectory()) return { name, kind: 'folder', location }
  try {
    if (isLink) {
      location = await realpath(location, 'buffer')
      if (!isInside(root, location)) return { name, kind: 'neither', reason: 'a link out of the folder' }
    }
    const status = await stat(location)
    if (status.isDirectory()) return { name, kind: 'folder', location }
    if (status.isFile()) return { name, kind: 'file', location, size: status.size }
    return { name, kind: 'neither', reason: 'neither a file nor a folder' }
  } catch (error) {
    const what = isLink ? 'a link that leads nowhere' : 'it cannot be opened'
    return { name, kind: 'neither', reason: `${what} (${codeOf(error) || error})` }
  }
}

function isInside(root: Buffer, location: Buffer): boolean {
  const start = Buffer.concat([root, SEPARATOR])
  return location.equals(root) || location.subarray(0, start.length).equals(start)
}

const unreadable = (path: string, reason: string): SourceFile => ({
  path,
  size: 0,
  read: async () => {
    throw new NeckFracError('input', reason)
  },
})

const SEPARATOR = Buffer.from(sep)

/** Names that are no UTF-8 are mostly of Western Europe; whatever they are, different bytes give different letters. */
const textOf = (name: Buffer): string => name.toString(isUtf8(name) ? 'utf8' : 'latin1')

const keyOf = (location: Buffer): string => location.toString('latin1')
