import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NeckFracError } from '@neckfrac/core'
import { z } from 'zod'
import { writeAtomically } from '../atomic-file.ts'
import type { Step } from './steps.ts'

const stateSchema = z.object({
  format: z.literal('neckfrac-training'),
  steps: z.record(
    z.string(),
    z.object({
      hash: z.string(),
      /** A running step that is not running was killed. */
      status: z.enum(['running', 'done']),
      /** Wall clock of all sittings. */
      minutes: z.number(),
      facts: z.record(z.string(), z.unknown()),
    }),
  ),
})
type Stored = z.infer<typeof stateSchema>['steps'][string]

/** What is done in a folder of a training. Kept in state.json, replaced in one step. */
export type State = {
  isDone(step: Step): boolean
  /** Whether a killed attempt with the same inputs can be continued. */
  isBegun(step: Step): boolean
  minutes(step: Step): number
  facts(id: string): Readonly<Record<string, unknown>>
  begin(step: Step): Promise<void>
  finish(step: Step, minutes: number, facts: Readonly<Record<string, unknown>>): Promise<void>
}

/** Opens the state of a folder. @throws NeckFracError `usage` for a folder that holds something else. */
export async function openState(folder: string): Promise<State> {
  const path = join(folder, 'state.json')
  let steps: Record<string, Stored> = {}
  const load = async () => {
    if (!existsSync(path)) {
      const strange = (await readdir(folder).catch(() => [])).find((name) => !name.startsWith('state.json'))
      if (strange === undefined) return
      throw new NeckFracError(
        'usage',
        `${folder} holds ${strange} and no state.json of a training; choose an empty or new folder for --out.`,
      )
    }
    const parsed = stateSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
    if (!parsed.success)
      throw new NeckFracError('usage', `${path} is no state of a training; choose a new folder for --out.`)
    steps = parsed.data.steps
  }
  await load()
  const of = ({ id, hash }: Step): Stored | undefined => (steps[id]?.hash === hash ? steps[id] : undefined)
  const store = async (step: Step, entry: Omit<Stored, 'hash'>) => {
    steps[step.id] = { hash: step.hash, ...entry }
    await mkdir(folder, { recursive: true })
    await writeAtomically(path, `${JSON.stringify({ format: 'neckfrac-training', steps }, null, 1)}\n`)
  }
  return {
    isDone: (step) => of(step)?.status === 'done',
    isBegun: (step) => of(step)?.status === 'running',
    minutes: (step) => of(step)?.minutes ?? 0,
    facts: (id) => steps[id]?.facts ?? {},
    begin: (step) => store(step, { status: 'running', minutes: of(step)?.minutes ?? 0, facts: {} }),
    finish: (step, minutes, facts) =>
      store(step, { status: 'done', minutes: (of(step)?.minutes ?? 0) + minutes, facts: { ...facts } }),
  }
}
