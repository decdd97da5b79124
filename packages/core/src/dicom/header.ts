import type { SourceFile } from '../ports.ts'
import { type ParsedInstance, parseInstance } from './instance.ts'

/** CT headers are 1-10 KB, so that one small read is nearly always enough. */
const FIRST_READ = 16 * 1024
/** Headers of images with 10,000 frames take some 20 MB; one that goes on for longer is an attack on memory. */
const LONGEST_HEADER = 64 * 2 ** 20

/** Reads the attributes of one file from a prefix that grows until PixelData is reached. Never throws. */
export async function readInstance(file: SourceFile): Promise<ParsedInstance> {
  try {
    for (let end = FIRST_READ; ; end *= 8) {
      const bytes = await file.read(end < file.size ? { start: 0, end } : undefined)
      const parsed = parseInstance(file.path, bytes, end < file.size ? file.size : bytes.length)
      if (parsed.kind !== 'more') return parsed
      if (end >= LONGEST_HEADER) {
        const reason = `no pixel data in the first ${end / 2 ** 20} MB`
        return { kind: 'skip', skipped: { path: file.path, reason } }
      }
    }
  } catch (error) {
    const reason = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
    return { kind: 'skip', skipped: { path: file.path, reason } }
  }
}
