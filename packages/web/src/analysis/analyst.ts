import type { StudyStatus } from '@neckfrac/core'
import type { Reply, Request, Tasks } from './worker.ts'

type Input<N extends keyof Tasks> = Parameters<Tasks[N]>[0]
type Output<N extends keyof Tasks> = Awaited<ReturnType<Tasks[N]>>

/** A worker that reads and analyses; started when it is first needed. */
export type Analyst = {
  run<N extends keyof Tasks>(
    task: N,
    input: Input<N>,
    onProgress?: (status: StudyStatus) => void,
  ): Promise<Output<N>>
  /** Ends at once whatever runs, in the middle of a network too. The next task starts a new worker. */
  stop(): void
}

/** What a stopped task rejects with. */
export class Stopped extends Error {}

/** What the running task rejects with when the graphics card is lost. The next task starts a new worker. */
export class GraphicsCardLost extends Error {}

type Pending = {
  readonly done: (value: never) => void
  readonly failed: (error: Error) => void
  readonly onProgress: ((status: StudyStatus) => void) | undefined
}

export function createAnalyst(): Analyst {
  let worker: Worker | undefined
  let nextId = 0
  const pending = new Map<number, Pending>()

  const endWith = (error: Error) => {
    worker?.terminate()
    worker = undefined
    for (const { failed } of pending.values()) failed(error)
    pending.clear()
  }
  const start = (): Worker => {
    const started = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    started.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (started !== worker) return // it was ended
      if (data.kind === 'card-lost') return endWith(new GraphicsCardLost('the graphics card was lost'))
      const task = pending.get(data.id)
      if (data.kind === 'progress') return task?.onProgress?.(data.status)
      pending.delete(data.id)
      if (data.kind === 'done') task?.done(data.value as never)
      else task?.failed(new Error(data.message))
    }
    started.onerror = (event) => {
      event.preventDefault()
      endWith(new Error(event.message || 'the analysis cannot be loaded; reload the page'))
    }
    return started
  }
  return {
    run: (task, input, onProgress) =>
      new Promise((done, failed) => {
        worker ??= start()
        const id = nextId++
        pending.set(id, { done, failed, onProgress })
        const request: Request = { id, task, input }
        worker.postMessage(request)
      }),
    stop: () => endWith(new Stopped()),
  }
}
