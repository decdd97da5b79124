import type { SourceFile } from '../ports.ts'
import { type ParsedInstance, parseInstance } from './instance.ts'

/** CT headers are 1-10 KB, so that one small read is nearly always enough. */
const FIRST_READ = 16 * 1024

/** Reads the attributes of one file from a prefix that grows until PixelData is reached. Never throws. */
export async function readInstance(file: SourceFile): Promise<ParsedInstance> {
  try {
    for (let end = FIRST_READ; ; end *= 8) {
      const bytes = await file.read(end < file.size ? { start: 0, end } : undefined)
      const parsed = parseInstance(file.path, bytes, end < file.size ? file.size : bytes.length)
      if (parsed.kind !== 'more') return parsed
    }
  } catch (error) {
    const reason = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
    return { kind: 'skip', skipped: { path: file.path, reason } }
  }
}
