import { isZip, type Source, type SourceFile } from '@neckfrac/core'
import type { DroppedFile } from '../studies/studies.ts'
import { openZip } from './zip.ts'

/** What the user gave in one go: the files of a folder, or one archive. */
export type Drop = { readonly name: string; readonly files: readonly DroppedFile[] }

/** A drop as a source. Files stay on the disk: each is read when it is asked for. @throws NeckFracError input: a damaged zip */
export async function openDrop({ name, files }: Drop): Promise<Source> {
  const [only] = files
  if (files.length === 1 && isZip(await readBlob(only.file.slice(0, 4)))) return openZip(name, only.file)
  const sorted = files.map(droppedFile).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return { name, files: async () => sorted }
}

const droppedFile = ({ path, file }: DroppedFile): SourceFile => ({
  path,
  size: file.size,
  read: (range) => readBlob(range ? file.slice(range.start, range.end) : file),
})

export const readBlob = async (blob: Blob): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await blob.arrayBuffer())
