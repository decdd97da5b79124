import type { z } from 'zod'
import { NeckFracError } from '../errors.ts'
import type { Digest } from '../ports.ts'
import {
  type Manifest,
  manifestSchema,
  NETWORK_NAMES,
  type NetworkName,
  segmenterManifestSchema,
} from './manifest.ts'

/** A verified bundle: the manifest and the bytes of each network. */
export type Bundle = {
  readonly manifest: Manifest
  readonly networks: Readonly<Record<NetworkName, Uint8Array>>
}

type Read = (file: string) => Promise<Uint8Array>

/**
 * Reads a bundle and refuses one that does not match its manifest.
 * @param read Bytes of a file of the bundle, by name.
 * @throws NeckFracError `bundle` when a file is missing, malformed or has another SHA-256.
 */
export async function loadBundle(read: Read, sha256: Digest): Promise<Bundle> {
  const manifest = await loadManifest(read)
  const networks: Partial<Record<NetworkName, Uint8Array>> = {}
  for (const name of NETWORK_NAMES) networks[name] = await readNetwork(manifest.networks[name], read, sha256)
  return { manifest, networks: networks as Record<NetworkName, Uint8Array> }
}

/** What a bundle says of itself, without its networks. @throws NeckFracError `bundle`. */
export const loadManifest = async (read: Read): Promise<Manifest> =>
  parseManifest(await readFile(read, 'manifest.json'))

/** Only the network that labels vertebrae, of a bundle that may have no others yet. @throws NeckFracError `bundle`. */
export async function loadSegmenter(read: Read, sha256: Digest): Promise<Uint8Array> {
  const manifest = parse(segmenterManifestSchema, await readFile(read, 'manifest.json'))
  return readNetwork(manifest.networks.segmenter, read, sha256)
}

async function readNetwork(
  { file, sha256: expected }: { readonly file: string; readonly sha256: string },
  read: Read,
  sha256: Digest,
): Promise<Uint8Array> {
  const bytes = await readFile(read, file)
  const found = await sha256(bytes)
  if (found !== expected)
    throw new NeckFracError(
      'bundle',
      `${file} has SHA-256 ${found.slice(0, 12)}…, the manifest says ${expected.slice(0, 12)}…: ` +
        'the bundle is damaged or mixed from two versions; fetch it again.',
    )
  return bytes
}

async function readFile(read: Read, file: string): Promise<Uint8Array> {
  try {
    return await read(file)
  } catch (cause) {
    throw new NeckFracError('bundle', `The model bundle has no readable ${file}; check --bundle.`, { cause })
  }
}

export const parseManifest = (bytes: Uint8Array): Manifest => parse(manifestSchema, bytes)

function parse<T extends z.ZodType>(schema: T, bytes: Uint8Array): z.infer<T> {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new NeckFracError('bundle', 'manifest.json is not JSON; fetch the bundle again.', { cause })
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]
    throw new NeckFracError('bundle', `manifest.json: ${path.join('.')}: ${message}.`)
  }
  return parsed.data
}
