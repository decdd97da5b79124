import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NeckFracError, type PreparedIndex, preparedIndex } from '@neckfrac/core'

/** Reads the index of a prepared data set. @throws NeckFracError `data`. */
export async function readPreparedIndex(folder: string): Promise<PreparedIndex> {
  const path = join(folder, 'index.json')
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new NeckFracError('data', `${path} cannot be read: run \`neckfrac prepare\` first.`, { cause })
  })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new NeckFracError('data', `${path} is not JSON.`, { cause })
  }
  const parsed = preparedIndex.safeParse(json)
  if (parsed.success) return parsed.data
  const { path: where, message } = parsed.error.issues[0]
  throw new NeckFracError(
    'data',
    `${path} is no prepared data set of this version: ${where.join('.')}: ${message}`,
  )
}
