import { type ErrorTag, isNeckFracError, NeckFracError } from '@neckfrac/core'
import { Piscina } from 'piscina'
import { sendNothing } from './no-telemetry.ts'

/** Functions that a worker file exports by name: one argument in, a promise of a result out. */
type Tasks = Readonly<Record<string, (input: never) => Promise<Settled<unknown>>>>

/** Runs tasks of a worker file on threads. */
export type Pool<T extends Tasks> = {
  /** @param label What the task works on; it begins the message of its error. */
  run<N extends keyof T & string>(
    name: N,
    input: Parameters<T[N]>[0],
    options: { readonly label: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Extract<Awaited<ReturnType<T[N]>>, { ok: true }>['value']>
  /** Stops the threads, whatever they are doing. */
  dispose(): Promise<void>
}

/** Starts a pool of threads that run the tasks of a TypeScript file. */
export function createPool<T extends Tasks>(file: URL, workers: number): Pool<T> {
  // Threads that judge start ONNX Runtime themselves, too late to tell it.
  sendNothing()
  const pool = new Piscina({
    filename: file.href,
    minThreads: Math.max(1, workers),
    maxThreads: Math.max(1, workers),
    // Each task fills a core for seconds: a thread gains nothing from a second one.
    concurrentTasksPerWorker: 1,
  })
  return {
    run: async (name, input, { label, signal }) => {
      const outcome: Settled<never> = await pool.run(input, { name, signal: signal ?? null })
      if (outcome.ok) return outcome.value
      throw new NeckFracError(outcome.tag, `${label}: ${outcome.message}`)
    },
    dispose: () => pool.destroy(),
  }
}

/** A result that crosses threads: errors would lose their class and tag on the way. */
export type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly tag: ErrorTag; readonly message: string }

/** Makes a function a task: what it throws becomes part of its result. */
export const task =
  <I, O>(run: (input: I) => Promise<O> | O) =>
  async (input: I): Promise<Settled<O>> => {
    try {
      return { ok: true, value: await run(input) }
    } catch (error) {
      if (isNeckFracError(error)) return { ok: false, tag: error.tag, message: error.message }
      // An unforeseen error needs its place in the code to be found again.
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      return { ok: false, tag: 'data', message }
    }
  }
