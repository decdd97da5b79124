import { parentPort } from 'node:worker_threads'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { OnnxReply, OnnxRequest } from './onnx-session.ts'

/** Runs networks off the main thread: onnxruntime-node blocks the thread that calls it. */
const sessions = new Map<number, InferenceSession>()

async function handle(request: OnnxRequest): Promise<OnnxReply['result']> {
  switch (request.kind) {
    case 'open': {
      sessions.set(
        request.session,
        await InferenceSession.create(request.onnx, {
          executionProviders: ['cpu'],
          graphOptimizationLevel: 'all',
          intraOpNumThreads: request.threads,
          // Waiting threads that spin would take the core on which the next vertebra is being cropped: 3.1 -> 2.6 s a study.
          extra: { session: { intra_op: { allow_spinning: '0' } } },
        }),
      )
      return {}
    }
    case 'run': {
      const session = sessions.get(request.session)
      if (!session) throw new Error(`no session ${request.session}`)
      const feeds = Object.fromEntries(
        Object.entries(request.inputs).map(([name, t]) => [name, new Tensor('float32', t.data, t.shape)]),
      )
      const outputs = await session.run(feeds)
      return Object.fromEntries(
        Object.entries(outputs).map(([name, t]) => {
          if (!(t.data instanceof Float32Array)) throw new Error(`output ${name} is ${t.type}, not float32`)
          return [name, { data: t.data, shape: t.dims }]
        }),
      )
    }
    case 'close': {
      await sessions.get(request.session)?.release()
      sessions.delete(request.session)
      return {}
    }
  }
}

// One at a time: the networks already use all the threads they were given.
let last: Promise<void> = Promise.resolve()
parentPort?.on('message', (request: OnnxRequest) => {
  last = last.then(async () => {
    try {
      parentPort?.postMessage({ id: request.id, result: await handle(request) })
    } catch (error) {
      parentPort?.postMessage({
        id: request.id,
        error: error instanceof Error ? error.message : String(error),
      })
    }
  })
})
