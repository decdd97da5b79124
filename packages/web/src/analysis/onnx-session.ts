import type { OpenSession, Session } from '@neckfrac/core'
import gpuModule from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import gpuBinary from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import wasmModule from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import wasmBinary from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'

export type Engine = 'webgpu' | 'wasm'

/** ONNX Runtime in this worker, for any number of networks. */
export type OnnxRuntime = {
  /** For the user: "WebGPU", "WASM, 4 threads". */
  readonly description: string
  readonly openSession: OpenSession
}

/** As Node's default: more threads gain little on networks of this size. */
const MOST_THREADS = 8

/** Threads share memory, which a page may only when it is isolated from others (COOP and COEP). */
const threadCount = () =>
  crossOriginIsolated ? Math.max(1, Math.min(MOST_THREADS, navigator.hardwareConcurrency)) : 1

/**
 * Loads ONNX Runtime. Only what the engine needs is fetched.
 * @param onCardLoss Called when the graphics card is lost or refuses a network's work, more than once perhaps. The next
 * call of ONNX Runtime may then hold this thread for good: others must end it.
 */
export async function startOnnxRuntime(engine: Engine, onCardLoss: () => void): Promise<OnnxRuntime> {
  const isGpu = engine === 'webgpu'
  const ort = await (isGpu ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm'))
  const place = (url: string) => new URL(url, import.meta.url).href
  ort.env.wasm.wasmPaths = isGpu
    ? { mjs: place(gpuModule), wasm: place(gpuBinary) }
    : { mjs: place(wasmModule), wasm: place(wasmBinary) }
  const threads = threadCount()
  ort.env.wasm.numThreads = threads
  // One thing at a time: the networks already use all threads, and the library takes one call.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }

  const openSession: OpenSession = (onnx) =>
    inTurn(async (): Promise<Session> => {
      const session = await ort.InferenceSession.create(onnx, {
        executionProviders: [engine],
        graphOptimizationLevel: 'all',
      })
      if (isGpu) watchCard(await ort.env.webgpu.device, onCardLoss)
      return {
        run: (inputs) =>
          inTurn(async () => {
            const feeds = Object.fromEntries(
              Object.entries(inputs).map(([name, t]) => [name, new ort.Tensor('float32', t.data, t.shape)]),
            )
            const running = session.run(feeds)
            // Here, not by whoever waits: the next in turn may have the thread before they hear of it.
            if (isGpu) running.catch(onCardLoss)
            const outputs = await running
            return Object.fromEntries(
              Object.entries(outputs).map(([name, t]) => {
                if (!(t.data instanceof Float32Array))
                  throw new Error(`output ${name} is ${t.type}, not float32`)
                return [name, { data: t.data, shape: t.dims }]
              }),
            )
          }),
        dispose: () => inTurn(() => session.release()),
      }
    })
  return { description: isGpu ? 'WebGPU' : describeThreads(threads), openSession }
}

/** A device that is given back says so the same way. */
function watchCard(device: unknown, onLoss: () => void): void {
  const { lost } = device as { readonly lost: Promise<{ readonly reason: string }> }
  void lost.then(({ reason }) => reason !== 'destroyed' && onLoss())
}

const describeThreads = (threads: number): string => {
  if (threads > 1) return `WASM, ${threads} threads`
  return crossOriginIsolated ? 'WASM, one thread' : 'WASM, one thread: this address does not allow more'
}
