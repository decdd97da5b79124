import { readFile } from 'node:fs/promises'
import { NeckFracError, parseSeriesRules, type SeriesRules } from '@neckfrac/core'
import { Option } from 'commander'

export const seriesRulesOption = (): Option =>
  new Option('--series-rules <file>', "JSON file of the site's own rules that choose the series")

/** The rules of a file; undefined, the default ones, without a file. @throws NeckFracError usage */
export async function readSeriesRules(path: string | undefined): Promise<SeriesRules | undefined> {
  if (path === undefined) return undefined
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new NeckFracError('usage', `${path}: the series rules cannot be read: ${cause.message}`, { cause })
  })
  return parseSeriesRules(text, path)
}
