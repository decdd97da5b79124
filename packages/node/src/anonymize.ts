import { createHmac, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type DeidentifyOptions,
  deidentify,
  NeckFracError,
  type Skipped,
  type SourceFile,
  uidOfHash,
} from '@neckfrac/core'
import { writeAtomically } from './atomic-file.ts'
import { codeOf } from './error-code.ts'
import { openSource } from './sources.ts'

export type AnonymizeOptions = {
  readonly out: string
  /** File of the secret, outside `out`. Made with the owner's rights alone when it is missing. */
  readonly key: string
  readonly includeBurnedIn?: boolean
  readonly signal?: AbortSignal
  readonly onFile?: (done: number, total: number) => void
}

/** Whole files are held in memory: a CT slice takes half a megabyte, the largest multi-frame image some hundred. */
const MAX_FILE_BYTES = 1e9

/** Writes a clean copy of every DICOM file of the paths. What cannot be cleaned is skipped with its reason. */
export async function anonymize(
  paths: readonly string[],
  { out, key, includeBurnedIn = false, signal, onFile }: AnonymizeOptions,
): Promise<{ written: number; skipped: readonly Skipped[] }> {
  let names: DeidentifyOptions | undefined
  const skipped: Skipped[] = []
  const taken = new Set<string>()
  for (const path of paths) {
    const source = await openSource(path)
    try {
      // A path that does not exist leaves no key behind.
      names ??= { ...createNames(await openKey(key)), includeBurnedIn }
      const files = await source.files()
      for (const [n, file] of files.entries()) {
        signal?.throwIfAborted()
        try {
          if (file.size > MAX_FILE_BYTES) throw new NeckFracError('input', 'larger than 1 GB')
          const clean = deidentify(await readWhole(file), names)
          const name = join(clean.studyInstanceUid, clean.seriesInstanceUid, `${clean.sopInstanceUid}.dcm`)
          if (taken.has(name)) throw new NeckFracError('input', 'another file has the same UIDs')
          taken.add(name)
          await mkdir(dirname(join(out, name)), { recursive: true })
          await writeAtomically(join(out, name), clean.bytes)
        } catch (error) {
          if (!(error instanceof NeckFracError)) throw error
          skipped.push({ path: file.path, reason: error.message })
        }
        onFile?.(n + 1, files.length)
      }
    } finally {
      await source.dispose?.()
    }
  }
  return { written: taken.size, skipped }
}

/** The system's messages name the path, which may hold the patient's name; its codes do not. */
async function readWhole(file: SourceFile): Promise<Uint8Array> {
  try {
    return await file.read()
  } catch (cause) {
    if (cause instanceof NeckFracError) throw cause
    const code = codeOf(cause)
    throw new NeckFracError('input', `cannot be read${code && ` (${code})`}`, { cause })
  }
}

/** The secret of a file of 64 hexadecimal digits; a new one when there is no such file. */
async function openKey(path: string): Promise<Buffer> {
  try {
    const text = (await readFile(path, 'utf8')).trim()
    if (!/^[0-9a-f]{64}$/.test(text))
      throw new NeckFracError('usage', `${path}: not a key. It holds 64 hexadecimal digits.`)
    return Buffer.from(text, 'hex')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    const secret = randomBytes(32)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `${secret.toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
    return secret
  }
}

/** HMAC-SHA-256: without the secret nobody can tell which old UID a new one came from, even by trying them all. */
function createNames(secret: Buffer): Pick<DeidentifyOptions, 'newUid' | 'pseudonym'> {
  const hash = (kind: string, text: string) =>
    createHmac('sha256', secret).update(`${kind}:${text}`).digest('hex')
  return {
    newUid: (uid) => uidOfHash(BigInt(`0x${hash('uid', uid).slice(0, 32)}`)),
    pseudonym: (patientId) => (patientId === '' ? '' : `NF-${hash('patient', patientId).slice(0, 12)}`),
  }
}
