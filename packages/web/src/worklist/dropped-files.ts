import type { DroppedFile } from '../studies/studies.ts'

/** Files of an input element; a chosen folder brings paths. */
export const pickedFiles = (files: FileList | null): DroppedFile[] =>
  [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }))

/** All files of what was dropped, folders walked to their ends. */
export async function droppedFiles(transfer: DataTransfer): Promise<DroppedFile[]> {
  // The list is emptied when the event is over: entries are taken before anything is awaited.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  if (entries.length === 0) return pickedFiles(transfer.files)
  return (await Promise.all(entries.map(walk))).flat()
}

async function walk(entry: FileSystemEntry): Promise<DroppedFile[]> {
  const path = entry.fullPath.replace(/^\//, '')
  if (isFile(entry)) {
    const file = await new Promise<File>((done, failed) => {
      entry.file(done, failed)
    })
    return [{ path, file }]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: DroppedFile[] = []
  for (;;) {
    // A reader gives some hundred entries at a time, and none at the end.
    const part = await new Promise<FileSystemEntry[]>((done, failed) => {
      reader.readEntries(done, failed)
    })
    if (part.length === 0) return found
    for (const child of part) found.push(...(await walk(child)))
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
