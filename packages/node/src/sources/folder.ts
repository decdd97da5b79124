import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Source, SourceFile } from '@neckfrac/core'
import { localFile } from './local-file.ts'

/** All files under a folder, sorted by path. Symbolic links count as long as they stay inside the folder. */
export function openFolder(name: string, root: string): Source {
  return {
    name,
    files: async () => {
      const files: SourceFile[] = []
      await walk(root, root, '', new Set([root]), files)
      return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    },
  }
}

async function walk(
  root: string,
  folder: string,
  prefix: string,
  visited: Set<string>,
  files: SourceFile[],
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = await Promise.all(entries.map((entry) => inspect(root, folder, entry)))
  for (const entry of found) {
    if (entry === null) continue
    const path = `${prefix}${entry.name}`
    if (!entry.isFolder) files.push(localFile(path, entry.location, entry.size))
    else if (!visited.has(entry.location)) {
      visited.add(entry.location)
      await walk(root, entry.location, `${path}/`, visited, files)
    }
  }
}

type Found = {
  readonly name: string
  readonly location: string
  readonly isFolder: boolean
  readonly size: number
}

/** What an entry stands for; null for links out of the root, broken links, sockets and devices. */
async function inspect(root: string, folder: string, entry: Dirent): Promise<Found | null> {
  let location = join(folder, entry.name)
  if (entry.isDirectory()) return { name: entry.name, location, isFolder: true, size: 0 }
  try {
    if (entry.isSymbolicLink()) {
      location = await realpath(location)
      if (!location.startsWith(root + sep)) return null
    }
    const status = await stat(location)
    if (!status.isFile() && !status.isDirectory()) return null
    return { name: entry.name, location, isFolder: status.isDirectory(), size: status.size }
  } catch {
    return null
  }
}
