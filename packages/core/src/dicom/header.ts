import type { SourceFile } from '../ports.ts'
import { inflateFrom } from './deflated.ts'
import { type ParsedInstance, parseInstance } from './instance.ts'
import { DEFLATED } from './transfer-syntaxes.ts'

/** CT headers are 1-10 KB, so that one small read is nearly always enough. */
const FIRST_READ = 16 * 1024
/** Headers of images with 10,000 frames take some 20 MB; one that goes on for longer is an attack on memory. */
const LONGEST_HEADER = 64 * 2 ** 20

/** What became of one file. */
export type ReadInstance = Extract<ParsedInstance, { kind: 'instance' | 'skip' }>

/** Reads the attributes of one file from a prefix that grows until PixelData is reached. Never throws. */
export async function readInstance(file: SourceFile): Promise<ReadInstance> {
  try {
    for (let end = FIRST_READ; ; end *= 8) {
      const bytes = await file.read(end < file.size ? { start: 0, end } : undefined)
      const parsed = parseInstance(file.path, bytes, end < file.size ? file.size : bytes.length)
      if (parsed.kind === 'deflated') return await readDeflated(file, parsed.from)
      if (parsed.kind !== 'more') return parsed
      if (end >= LONGEST_HEADER) return skip(file, `no pixel data in the first ${end / 2 ** 20} MB`)
    }
  } catch (error) {
    return skip(file, `cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The inflated data set is read as a file without meta information. */
async function readDeflated(file: SourceFile, from: number): Promise<ReadInstance> {
  const inflated = await inflateFrom(file, from)
  const parsed = parseInstance(file.path, await inflated.read())
  if (parsed.kind === 'skip') return parsed
  if (parsed.kind !== 'instance') return skip(file, 'damaged DICOM file')
  const instances = parsed.instances.map((instance) => ({
    ...instance,
    transferSyntaxUid: DEFLATED,
    pixels: { ...instance.pixels, deflatedFrom: from },
  }))
  return { kind: 'instance', instance: instances[0], instances }
}

const skip = ({ path }: SourceFile, reason: string): ReadInstance => ({
  kind: 'skip',
  skipped: { path, reason },
})
