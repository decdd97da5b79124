import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import {
  type FamilyName,
  type Manifest,
  NeckFracError,
  type PresetName,
  type StudyCase,
  studyCaseSchema,
} from '@neckfrac/core'
import { writeAtomically } from '../atomic-file.ts'
import { createPool } from '../pool.ts'
import type * as tasks from './evaluation-worker.ts'
import { listTemplates } from './templates.ts'

export type PhantomCasesOptions = {
  /** One line a study; a rerun scores only what is missing. */
  readonly file: string
  /** So many of each family. */
  readonly phantoms: number
  /** Study n of each family has seed + n. */
  readonly seed: number
  readonly preset: PresetName
  readonly families: readonly FamilyName[]
  /** Folder of label maps, for the families that deform them. */
  readonly templates?: string | undefined
  readonly bundle: string
  readonly manifest: Manifest
  readonly workers: number
  readonly signal?: AbortSignal
  readonly onStudy?: () => void
}

/** First line of a cases file: what may not change between two runs that fill it. */
type Header = {
  readonly format: 'neckfrac-cases'
  readonly version: 1
  readonly networks: Readonly<Record<string, string>>
  /** Names of the label maps that families deformed. */
  readonly templates: readonly string[]
}

/**
 * Scores phantoms that are made in memory, a thread each. Studies that are already in the file are kept, failed ones
 * are tried again.
 * @returns The cases asked for, in order, and why phantoms could not be made, if any could not.
 */
export async function scorePhantoms(
  options: PhantomCasesOptions,
): Promise<{ cases: StudyCase[]; failures: string[] }> {
  const { file, bundle, preset, signal } = options
  const templates = options.templates === undefined ? [] : await listTemplates(options.templates)
  const header: Header = {
    format: 'neckfrac-cases',
    version: 1,
    templates: templates.map((path) => basename(path)),
    networks: Object.fromEntries(
      Object.entries(options.manifest.networks).map(([name, n]) => [name, n.sha256]),
    ),
  }
  const done = await openCases(file, header)
  const failures: string[] = []
  let appended: Promise<void> = Promise.resolve()
  const pool = createPool<typeof tasks>(new URL('./evaluation-worker.ts', import.meta.url), options.workers)
  const wanted = options.families.flatMap((family) =>
    Array.from({ length: options.phantoms }, (_, n) => {
      const seed = options.seed + n
      return { uid: `${family}-${preset}-${seed}`, seed, preset, family, templates, bundle }
    }),
  )
  try {
    await Promise.all(
      wanted.map(async (input) => {
        if (!done.has(input.uid)) {
          try {
            const scored = await pool.run('scorePhantomCase', input, { label: input.uid, signal })
            done.set(input.uid, scored)
            appended = appended.then(() => appendFile(file, `${JSON.stringify(scored)}\n`))
            await appended
          } catch (error) {
            signal?.throwIfAborted()
            if (error instanceof NeckFracError && error.tag === 'bundle') throw error
            failures.push(error instanceof Error ? error.message : String(error))
          }
        }
        options.onStudy?.()
      }),
    )
  } finally {
    await pool.dispose()
    await appended
  }
  return { cases: wanted.flatMap(({ uid }) => done.get(uid) ?? []), failures }
}

/** Cases of an earlier run with the same networks, failed ones left out; a line that was cut off is dropped. */
async function openCases(file: string, header: Header): Promise<Map<string, StudyCase>> {
  await mkdir(dirname(file), { recursive: true })
  const { header: found, cases } = existsSync(file)
    ? parseCases(await readFile(file, 'utf8'), file)
    : { header, cases: [] }
  for (const [key, what] of [
    ['networks', 'were judged by other networks'],
    ['templates', 'were made from other label maps'],
  ] as const)
    if (JSON.stringify(found[key]) !== JSON.stringify(header[key]))
      throw new NeckFracError(
        'usage',
        `The cases of ${file} ${what}. Choose another --out, or delete the file.`,
      )
  const kept = cases.filter((c) => c.status !== 'failed')
  await writeAtomically(file, [header, ...kept].map((line) => `${JSON.stringify(line)}\n`).join(''))
  return new Map(kept.map((c) => [c.uid, c]))
}

/** Lines of a cases file. @throws NeckFracError `data` with the line that is none. */
export function parseCases(text: string, file: string): { header: Header; cases: StudyCase[] } {
  const lines = text.split('\n')
  // A run that was stopped may have left half a line; a complete file ends with a line break.
  lines.pop()
  const [first, ...rest] = lines.map((line, n): unknown => {
    try {
      return JSON.parse(line)
    } catch (cause) {
      throw new NeckFracError('data', `${file}, line ${n + 1} is not JSON.`, { cause })
    }
  })
  const header = first as Partial<Header> | undefined
  if (header?.format !== 'neckfrac-cases' || header.version !== 1 || !header.networks)
    throw new NeckFracError('data', `${file} is no file of cases of this version.`)
  const cases = rest.map((line, n) => {
    const parsed = studyCaseSchema.safeParse(line)
    if (parsed.success) return parsed.data
    const { path, message } = parsed.error.issues[0]
    throw new NeckFracError('data', `${file}, line ${n + 2}: ${path.join('.')}: ${message}.`)
  })
  return { header: header as Header, cases }
}
