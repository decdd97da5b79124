import { availableParallelism } from 'node:os'
import { isMainThread, Worker } from 'node:worker_threads'
import { type Codecs, createDecoders, type DecodeReply, type StartThread } from '@neckfrac/core'

/** The slowest image of the edge pile takes 0.4 s on a busy core. */
const LIMIT_MS = 8000
/** Threads at a time. More than four wait for the files; workers, which are many, share the cores with each other. */
const THREADS = Math.min(isMainThread ? 4 : 2, availableParallelism())

const start: StartThread = (onReply, onFault) => {
  const worker = new Worker(new URL('./decode-worker.ts', import.meta.url))
  // A thread that has nothing to do keeps no program from its end.
  worker.unref()
  worker.on('message', (reply: DecodeReply) => {
    worker.unref()
    onReply(reply)
  })
  worker.on('error', ({ message }) => onFault(message))
  worker.on('exit', (code) => onFault(`ended with ${code}`))
  return {
    post: (request) => {
      worker.ref()
      worker.postMessage(request, [request.frame.buffer as ArrayBuffer])
    },
    stop: () => {
      worker.removeAllListeners()
      worker.terminate()
    },
  }
}

/** Decoders of this platform by transfer syntax. No thread is started before the first compressed image. */
export const CODECS: Codecs = createDecoders({
  start,
  threads: THREADS,
  limitMs: LIMIT_MS,
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}).codecs
