import {
  type Bundle,
  type Detector,
  loadBundle,
  loadManifest,
  type Manifest,
  NETWORK_NAMES,
  NeckFracError,
  openDetector,
} from '@neckfrac/core'
import { type Engine, startOnnxRuntime } from './onnx-session.ts'
import { agreesWithPyTorch } from './parity.ts'

/** Addresses of the files of the bundle that this build holds. */
const FILES = import.meta.glob<string>('../../../../models/compact/**/*.{json,onnx,bin}', {
  query: '?url',
  import: 'default',
  eager: true,
})
const FOLDER = '../../../../models/compact'

/** Bytes of a file of the bundle. @throws NeckFracError bundle */
export async function readBundleFile(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const url = FILES[`${FOLDER}/${file}`]
  const response = url ? await fetch(new URL(url, import.meta.url)) : null
  if (!response?.ok) throw new NeckFracError('bundle', `${file} cannot be fetched (${response?.status})`)
  return new Uint8Array(await response.arrayBuffer())
}

const sha256 = async (bytes: Uint8Array) => {
  if (!isSecureContext)
    throw new NeckFracError(
      'bundle',
      'the networks cannot be verified at this address; open the page by https or from localhost',
    )
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const readManifest = (): Promise<Manifest> => loadManifest(readBundleFile)

/** The networks, and what runs them in words. */
export type Networks = { readonly detector: Detector; readonly engine: string }

export type NetworkOptions = {
  /** An engine that the user insists on. */
  readonly wanted: Engine | null
  /** As of `startOnnxRuntime`. */
  readonly onCardLoss: () => void
  /** Told what begins, in words. */
  readonly onStep: (words: string) => void
}

/**
 * Loads and verifies the bundle and starts it on the graphics card where there is one and it computes right; on WASM
 * otherwise.
 */
export async function openNetworks(options: NetworkOptions): Promise<Networks> {
  const { wanted, onCardLoss, onStep } = options
  onStep('loading and verifying them')
  const bundle = await loadBundle(readBundleFile, sha256)
  if (wanted !== 'wasm' && (wanted === 'webgpu' || (await hasGraphicsCard()))) {
    const networks = await tryWebGpu(bundle, options)
    if (networks) return networks
  }
  onStep('starting WASM')
  return start(bundle, 'wasm', onCardLoss)
}

async function start(bundle: Bundle, engine: Engine, onCardLoss: () => void): Promise<Networks> {
  const { description, openSession } = await startOnnxRuntime(engine, onCardLoss)
  return { detector: await openDetector(bundle, openSession), engine: description }
}

/** null when the card does not take the networks or computes something else. */
async function tryWebGpu(bundle: Bundle, { onCardLoss, onStep }: NetworkOptions): Promise<Networks | null> {
  try {
    onStep('starting WebGPU')
    const networks = await start(bundle, 'webgpu', onCardLoss)
    for (const [n, name] of NETWORK_NAMES.entries()) {
      onStep(`checking what WebGPU computes, ${n + 1} of ${NETWORK_NAMES.length}`)
      if (await agreesWithPyTorch(name, networks.detector.sessions[name])) continue
      console.warn(`The ${name} network computes something else on this graphics card; WASM takes over.`)
      await networks.detector.dispose()
      return null
    }
    return networks
  } catch (error) {
    console.warn('WebGPU does not take the networks; WASM takes over.', error)
    return null
  }
}

/** A software adapter takes some forty times as long as WASM (docs/viewer.md). */
async function hasGraphicsCard(): Promise<boolean> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null)
  return adapter != null && !adapter.info.isFallbackAdapter
}
