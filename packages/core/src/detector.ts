import type { Bundle } from './bundle/load.ts'
import type { Manifest, NetworkName } from './bundle/manifest.ts'
import type { OpenSession, Session } from './ports.ts'

/** A loaded bundle, ready for any number of studies. */
export type Detector = {
  readonly manifest: Manifest
  readonly sessions: Readonly<Record<NetworkName, Session>>
  dispose(): Promise<void>
}

/** Loads the three networks of a verified bundle. */
export async function openDetector(
  { manifest, networks }: Bundle,
  openSession: OpenSession,
): Promise<Detector> {
  const [segmenter, slices, sequence] = await Promise.all(
    [networks.segmenter, networks.slices, networks.sequence].map(openSession),
  )
  return {
    manifest,
    sessions: { segmenter, slices, sequence },
    dispose: async () => {
      await Promise.all([segmenter, slices, sequence].map((s) => s.dispose()))
    },
  }
}
