import type { DroppedFile } from '../studies/studies.ts'
import type { Drop } from './dropped-source.ts'

/** What was dropped at once, as a user counts it: each folder, each archive and each volume by itself, other files together. */
export function groupDrops(files: readonly DroppedFile[]): Drop[] {
  const isAlone = (path: string) => /\.(zip|nii|nii\.gz)$/i.test(path)
  const groups = Map.groupBy(files, ({ path }) => {
    const [top, ...rest] = path.split('/')
    return rest.length > 0 || isAlone(top) ? top : ''
  })
  return [...groups].map(([top, files]) => ({ name: top || nameOf(files), files }))
}

const nameOf = (files: readonly DroppedFile[]): string =>
  files.length === 1 ? files[0].path : `${files.length} files`
