import { NeckFracError } from '../errors.ts'
import type { Digest } from '../ports.ts'
import { type Manifest, manifestSchema, NETWORK_NAMES, type NetworkName } from './manifest.ts'

/** A verified bundle: the manifest and the bytes of each network. */
export type Bundle = {
  readonly manifest: Manifest
  readonly networks: Readonly<Record<NetworkName, Uint8Array>>
}

/**
 * Reads a bundle and refuses one that does not match its manifest.
 * @param read Bytes of a file of the bundle, by name.
 * @throws NeckFracError `bundle` when a file is missing, malformed or has another SHA-256.
 */
export async function loadBundle(
  read: (file: string) => Promise<Uint8Array>,
  sha256: Digest,
): Promise<Bundle> {
  const manifest = parseManifest(await readFile(read, 'manifest.json'))
  const networks: Partial<Record<NetworkName, Uint8Array>> = {}
  for (const name of NETWORK_NAMES) {
    const { file, sha256: expected } = manifest.networks[name]
    const bytes = await readFile(read, file)
    const found = await sha256(bytes)
    if (found !== expected)
      throw new NeckFracError(
        'bundle',
        `${file} has SHA-256 ${found.slice(0, 12)}…, the manifest says ${expected.slice(0, 12)}…: ` +
          'the bundle is damaged or mixed from two versions; fetch it again.',
      )
    networks[name] = bytes
  }
  return { manifest, networks: networks as Record<NetworkName, Uint8Array> }
}

async function readFile(read: (file: string) => Promise<Uint8Array>, file: string): Promise<Uint8Array> {
  try {
    return await read(file)
  } catch (cause) {
    throw new NeckFracError('bundle', `The model bundle has no readable ${file}; check --bundle.`, { cause })
  }
}

export function parseManifest(bytes: Uint8Array): Manifest {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new NeckFracError('bundle', 'manifest.json is not JSON; fetch the bundle again.', { cause })
  }
  const parsed = manifestSchema.safeParse(json)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]
    throw new NeckFracError('bundle', `manifest.json: ${path.join('.')}: ${message}.`)
  }
  return parsed.data
}
