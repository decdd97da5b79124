import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Detector, loadBundle, openDetector } from '@neckfrac/core'
import { startOnnxRuntime } from './onnx-session.ts'

/** The bundle that ships. */
export const DEFAULT_BUNDLE = fileURLToPath(new URL('../../../models/compact', import.meta.url))

/** Reads, verifies and loads a bundle from a folder. */
export async function openBundle(directory: string, threads: number): Promise<Detector> {
  const bundle = await loadBundle(
    (file) => readFile(join(directory, file)),
    async (bytes) => createHash('sha256').update(bytes).digest('hex'),
  )
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
