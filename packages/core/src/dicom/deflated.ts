import { Inflate } from 'fflate'
import { concatBytes } from '../bytes.ts'
import { NeckFracError } from '../errors.ts'
import type { SourceFile } from '../ports.ts'

/** Largest data set that is inflated, bytes: 120 slices of 512 x 512; a bomb has no end. */
const LARGEST_DATA_SET = 2 ** 26
/** Packed bytes that are inflated at a time: at most 1,032 times as many come out of them. */
const STEP = 2 ** 14

/** What a file holds from a byte on, inflated, as a file of its own in memory. @throws NeckFracError input */
export async function inflateFrom(file: SourceFile, from: number): Promise<SourceFile> {
  const bytes = inflateDataSet(await file.read({ start: from, end: file.size }))
  return {
    path: file.path,
    size: bytes.length,
    read: async (range) => bytes.subarray(range?.start ?? 0, range?.end ?? bytes.length),
  }
}

/** A data set, inflated (PS3.5 A.5). @throws NeckFracError input when it is damaged, cut or too large */
export function inflateDataSet(packed: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  let size = 0
  let isComplete = false
  const inflate = new Inflate((part, final) => {
    parts.push(part)
    size += part.length
    isComplete = final
  })
  try {
    for (let at = 0; at < packed.length && !isComplete && size <= LARGEST_DATA_SET; at += STEP)
      inflate.push(packed.subarray(at, at + STEP), at + STEP >= packed.length)
  } catch (cause) {
    throw new NeckFracError('input', `damaged deflated data set: ${describe(cause)}`, { cause })
  }
  if (size > LARGEST_DATA_SET)
    throw new NeckFracError('input', `deflated data set of more than ${LARGEST_DATA_SET / 2 ** 20} MB`)
  return concatBytes(parts)
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))
