import { isNeckFracError } from '../../errors.ts'
import type { Codecs, FrameFormat } from '../../ports.ts'
import { COMPRESSED } from './codecs.ts'
import { damaged } from './stream.ts'

/** One frame to decode, as it crosses threads. */
export type DecodeRequest = {
  readonly transferSyntaxUid: string
  readonly frame: Uint8Array
  readonly format: FrameFormat
}

export type DecodeReply =
  | { readonly ok: true; readonly values: Uint8Array }
  | { readonly ok: false; readonly message: string }

/** A thread of the platform that answers each request with one reply. */
export type DecodeThread = {
  /** Hands the request over, its frame included. */
  post(request: DecodeRequest): void
  /** Ends the thread, whatever it is doing. */
  stop(): void
}

export type StartThread = (
  onReply: (reply: DecodeReply) => void,
  /** The thread has ended, or never began. */
  onFault: (message: string) => void,
) => DecodeThread

export type DecoderOptions = {
  readonly start: StartThread
  /** Most threads at a time; they start as frames come. */
  readonly threads: number
  /** A frame that takes longer is given up, and its thread with it. */
  readonly limitMs: number
  /** Calls back after so many milliseconds, unless what it returns is called before. */
  readonly after: (ms: number, call: () => void) => () => void
}

type Job = {
  readonly request: DecodeRequest
  readonly done: (values: Uint8Array) => void
  readonly failed: (error: Error) => void
}

/**
 * Decoders that work on threads of their own: frames come from outside, and one that crashes its decoder or keeps it busy
 * for ever costs a thread, not the program. Frames beyond the number of threads wait.
 */
export function createDecoders({ start, threads, limitMs, after }: DecoderOptions): {
  readonly codecs: Codecs
  dispose(): void
} {
  const idle: ((job: Job) => void)[] = []
  const running = new Set<DecodeThread>()
  const waiting: Job[] = []

  const startThread = (): ((job: Job) => void) => {
    let current: { readonly job: Job; readonly stopTimer: () => void } | null = null
    const end = (finish: (job: Job) => void) => {
      if (current === null) return
      current.stopTimer()
      const { job } = current
      current = null
      finish(job)
    }
    const thread = start(
      (reply) => {
        end(({ done, failed }) => (reply.ok ? done(reply.values) : failed(damaged(reply.message))))
        idle.push(run)
        next()
      },
      (message) => giveUp(`the decoder failed: ${message}`),
    )
    running.add(thread)
    const giveUp = (message: string) => {
      thread.stop()
      running.delete(thread)
      const at = idle.indexOf(run)
      if (at !== -1) idle.splice(at, 1)
      end(({ failed }) => failed(damaged(message)))
      next()
    }
    const run = (job: Job) => {
      const stopTimer = after(limitMs, () => giveUp(`decoding took more than ${limitMs / 1000} s`))
      current = { job, stopTimer }
      // The view may be a part of a whole file, which would be copied with it.
      thread.post({ ...job.request, frame: job.request.frame.slice() })
    }
    return run
  }
  const next = () => {
    if (waiting.length === 0) return
    const run = idle.pop() ?? (running.size < threads ? startThread() : undefined)
    if (run !== undefined) run(waiting.shift()!)
  }
  const decode = (request: DecodeRequest): Promise<Uint8Array> =>
    new Promise((done, failed) => {
      waiting.push({ request, done, failed })
      next()
    })
  return {
    codecs: Object.fromEntries(
      COMPRESSED.map((transferSyntaxUid) => [
        transferSyntaxUid,
        (frame, format) => decode({ transferSyntaxUid, frame, format }),
      ]),
    ),
    dispose: () => {
      for (const thread of running) thread.stop()
      running.clear()
      idle.length = 0
      waiting.length = 0
    },
  }
}

/** What a thread does with a request. */
export async function answer(
  codecs: Codecs,
  { transferSyntaxUid, frame, format }: DecodeRequest,
): Promise<DecodeReply> {
  try {
    return { ok: true, values: await codecs[transferSyntaxUid](frame, format) }
  } catch (error) {
    if (isNeckFracError(error)) return { ok: false, message: error.message }
    return {
      ok: false,
      message: `cannot be decoded: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
}
