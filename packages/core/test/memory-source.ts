import type { Source, SourceFile } from '../src/ports.ts'

export const memoryFile = (path: string, bytes: Uint8Array): SourceFile => ({
  path,
  size: bytes.length,
  read: async (range) => bytes.slice(range?.start ?? 0, range?.end ?? bytes.length),
})

/** A source of files held in memory. */
export const memorySource = (files: Readonly<Record<string, Uint8Array>>): Source => ({
  name: 'memory',
  files: async () => Object.entries(files).map(([path, bytes]) => memoryFile(path, bytes)),
})
