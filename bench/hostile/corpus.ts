import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { openSource } from '../../packages/node/src/sources.ts'
import { deflated, zipOf } from './archives.ts'
import type { Reached } from './coverage.ts'
import type { Outcome } from './trial.ts'

/** An input of the fuzzer and what became of it. */
export type Input = {
  /** Ends in .dcm, .nii or .nii.gz. */
  readonly name: string
  readonly bytes: Uint8Array
  readonly kind: Outcome['kind']
}

/** The kept inputs: read/NAME and refused/NAME, where the name is the start of the content's SHA-256. */
export const CORPUS = fileURLToPath(new URL('corpus.zip', import.meta.url))

export async function readCorpus(path: string = CORPUS): Promise<readonly Input[]> {
  const source = await openSource(path)
  try {
    const files = await source.files()
    return await Promise.all(
      files.map(async (file) => ({
        name: file.path,
        bytes: await file.read(),
        kind: file.path.split('/')[0] as Outcome['kind'],
      })),
    )
  } finally {
    await source.dispose?.()
  }
}

/** The same inputs give the same archive. */
export function packCorpus(inputs: readonly Input[]): Buffer {
  const entries = inputs.map(({ name, bytes, kind }) => {
    const sum = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
    return deflated(`${kind}/${sum}${extensionOf(name)}`, bytes)
  })
  return zipOf(entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
}

export const extensionOf = (name: string): string => /\.nii(\.gz)?$|\.dcm$/.exec(name)?.[0] ?? '.dcm'

/** Few inputs that reach all that these reach, the smallest first. */
export function minimise<T extends Input & { readonly reached: Reached }>(
  inputs: readonly T[],
): readonly T[] {
  const reached = new Set<number>()
  return inputs
    .toSorted((a, b) => a.bytes.length - b.bytes.length)
    .filter((input) => {
      const before = reached.size
      for (const branch of input.reached) reached.add(branch)
      return reached.size > before
    })
}
