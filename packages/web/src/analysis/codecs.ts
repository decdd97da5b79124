import { type Codecs, createDecoders, type DecodeReply, type StartThread } from '@neckfrac/core'

/** A frame takes 0.1 s at the most; the first one waits for the decoders to load. */
const LIMIT_MS = 20_000

const start: StartThread = (onReply, onFault) => {
  const worker = new Worker(new URL('./decode-worker.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<DecodeReply>) => onReply(data)
  worker.onerror = (event) => {
    event.preventDefault()
    onFault(event.message || 'it cannot be loaded; reload the page')
  }
  return {
    post: (request) => {
      worker.postMessage(request, [request.frame.buffer as ArrayBuffer])
    },
    stop: () => worker.terminate(),
  }
}

/** Decoders of this platform by transfer syntax. No worker is started before the first compressed image. */
export const CODECS: Codecs = createDecoders({
  start,
  threads: Math.min(4, navigator.hardwareConcurrency),
  limitMs: LIMIT_MS,
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}).codecs
