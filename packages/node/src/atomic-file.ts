import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Replaces a file in one step: a reader sees the old content or the new one, never half of it. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.partial`
  await writeFile(temporary, content)
  await rename(temporary, path)
}

/** Fills a folder under a temporary name and gives it its own when it is complete. */
export async function fillFolder(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.partial`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  await fill(temporary)
  await mkdir(dirname(path), { recursive: true })
  await rm(path, { recursive: true, force: true })
  await rename(temporary, path)
}

/** Writes a file at most once in a while, however often its content changes. */
export type Saver = { changed(): Promise<void>; flush(): Promise<void> }

/** @param save Writes the current content; never runs twice at once. */
export function createSaver(save: () => Promise<void>, everyMs: number): Saver {
  let last = -Infinity
  let running: Promise<void> = Promise.resolve()
  const flush = (): Promise<void> => {
    last = performance.now()
    running = running.then(save)
    return running
  }
  return { changed: async () => (performance.now() - last >= everyMs ? flush() : undefined), flush }
}
