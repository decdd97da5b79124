import { Worker } from 'node:worker_threads'
import type { OpenSession, Tensor } from '@neckfrac/core'
import { sendNothing } from './no-telemetry.ts'

type Body =
  | { kind: 'open'; session: number; onnx: Uint8Array; threads: number }
  | { kind: 'run'; session: number; inputs: Readonly<Record<string, Tensor>> }
  | { kind: 'close'; session: number }
export type OnnxRequest = Body & { readonly id: number }
export type OnnxReply = {
  readonly id: number
  readonly result?: Readonly<Record<string, Tensor>>
  readonly error?: string
}

/** ONNX Runtime on the CPU in one worker thread, for any number of networks. */
export type OnnxRuntime = { readonly openSession: OpenSession; dispose(): Promise<void> }

/** @param threads Threads inside one network's operators; 0 leaves the choice to ONNX Runtime. */
export function startOnnxRuntime(threads = 0): OnnxRuntime {
  sendNothing()
  const worker = new Worker(new URL('./onnx-worker.ts', import.meta.url))
  const waiting = new Map<number, PromiseWithResolvers<Readonly<Record<string, Tensor>>>>()
  let nextId = 0
  let nextSession = 0
  let fatal: Error | undefined

  const failAll = (error: Error) => {
    fatal = error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('message', ({ id, result, error }: OnnxReply) => {
    const pending = waiting.get(id)
    waiting.delete(id)
    if (error !== undefined) pending?.reject(new Error(`ONNX Runtime: ${error}`))
    else pending?.resolve(result ?? {})
  })
  worker.on('error', failAll)
  worker.on('exit', (code) => failAll(new Error(`ONNX Runtime's worker ended with code ${code}`)))
  worker.unref()

  const send = async (body: Body): Promise<Readonly<Record<string, Tensor>>> => {
    if (fatal) throw fatal
    const id = nextId++
    const pending = Promise.withResolvers<Readonly<Record<string, Tensor>>>()
    waiting.set(id, pending)
    worker.ref()
    worker.postMessage({ ...body, id })
    try {
      return await pending.promise
    } finally {
      if (waiting.size === 0) worker.unref()
    }
  }

  return {
    openSession: async (onnx) => {
      const session = nextSession++
      await send({ kind: 'open', session, onnx, threads })
      return {
        run: (inputs) => send({ kind: 'run', session, inputs }),
        dispose: async () => {
          await send({ kind: 'close', session })
        },
      }
    },
    dispose: async () => {
      await worker.terminate()
    },
  }
}
