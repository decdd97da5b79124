import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Detector,
  loadBundle,
  loadManifest,
  loadSegmenter,
  type Manifest,
  openDetector,
  type Session,
} from '@neckfrac/core'
import { startOnnxRuntime } from './onnx-session.ts'

/** The bundle that ships. */
export const DEFAULT_BUNDLE = fileURLToPath(new URL('../../../models/compact', import.meta.url))

const readFrom = (directory: string) => (file: string) => readFile(join(directory, file))
const sha256 = async (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Reads, verifies and loads a bundle from a folder. */
export async function openBundle(directory: string, threads: number): Promise<Detector> {
  const bundle = await loadBundle(readFrom(directory), sha256)
  const runtime = startOnnxRuntime(threads)
  try {
    const detector = await openDetector(bundle, runtime.openSession)
    return {
      ...detector,
      dispose: async () => {
        await detector.dispose()
        await runtime.dispose()
      },
    }
  } catch (error) {
    await runtime.dispose()
    throw error
  }
}

/** What a bundle says of itself; its networks stay where they are. */
export const readManifest = (directory: string): Promise<Manifest> => loadManifest(readFrom(directory))

/** Only the network that labels vertebrae, of a bundle that may have no others yet. */
export async function openSegmenter(directory: string, threads: number): Promise<Session> {
  const onnx = await loadSegmenter(readFrom(directory), sha256)
  const runtime = startOnnxRuntime(threads)
  try {
    const session = await runtime.openSession(onnx)
    return { run: session.run, dispose: () => runtime.dispose() }
  } catch (error) {
    await runtime.dispose()
    throw error
  }
}
