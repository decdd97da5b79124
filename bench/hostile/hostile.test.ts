import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { surveySource } from '@neckfrac/core'
import { afterAll, describe, expect, it, test } from 'vitest'
import { CODECS } from '../../packages/node/src/codecs.ts'
import { openSource } from '../../packages/node/src/sources.ts'
import { ATTACKS } from './attacks.ts'
import { bytesOf, listCases } from './cases.ts'
import { encapsulated, niftiHeader, slice } from './files.ts'
import { createRandom } from './random.ts'
import { attempt } from './trial.ts'
import { runTrials } from './watch.ts'

/** Small files of the kinds that the parsers know. */
const FILES: Readonly<Record<string, Buffer>> = {
  'plain.dcm': slice({ z: 0 }),
  'jpeg.dcm': slice({
    z: 0,
    syntax: '1.2.840.10008.1.2.4.70',
    pixels: encapsulated(Buffer.from('ffd8ffc3000b100010001001001100ffda', 'hex')),
  }),
  'ct.nii': Buffer.concat([niftiHeader([8, 8, 4]), Buffer.alloc(512, 0xfc)]),
}

test('an unharmed file is read', async () => {
  expect(await attempt('plain.dcm', FILES['plain.dcm'])).toEqual({ kind: 'read', what: '16 x 16' })
  expect(await attempt('ct.nii', FILES['ct.nii'])).toEqual({ kind: 'read', what: '4 x 8 x 8' })
})

it.each(Object.keys(FILES))('%s cut anywhere and damaged 300 times: read or refused', async (name) => {
  const original = FILES[name]
  for (const one of listCases([original.length], 300, 7)) {
    const outcome = await attempt(name, bytesOf(one, original))
    expect(outcome.kind, `${JSON.stringify(one)}: ${outcome.what}`).not.toBe('fault')
  }
})

test('the same seed damages alike, another one otherwise', () => {
  const original = FILES['plain.dcm']
  const bytes = (seed: number) => Buffer.from(bytesOf({ kind: 'mutated', file: 0, seed }, original))
  expect(bytes(1).equals(bytes(1))).toBe(true)
  expect(bytes(1).equals(bytes(2))).toBe(false)
  const numbers = Array.from(
    { length: 2000 },
    (
      (random) => () =>
        random.below(10)
    )(createRandom(5)),
  )
  for (let digit = 0; digit < 10; digit++)
    expect(numbers.filter((n) => n === digit).length).toBeGreaterThan(120)
})

describe('attacks by way of a folder, a file or an archive', () => {
  const root = mkdtempSync(join(tmpdir(), 'neckfrac-attacks-'))
  afterAll(() => rmSync(root, { recursive: true }))
  // Those with honest work for longer, and those that write, are for the whole run.
  const quick = ATTACKS.filter(({ command, seconds }) => command === 'info' && seconds === undefined)

  it.each(quick.map((attack, n) => [attack.name, attack, n] as const))('%s', async (_, attack, n) => {
    const folder = mkdtempSync(join(root, `${n}-`))
    const source = await openSource(attack.make(folder))
    try {
      const { studies, skipped } = await surveySource(source, { codecs: CODECS })
      expect(studies).toEqual([])
      for (const { reason } of skipped) expect(reason.length).toBeGreaterThan(5)
      expect(process.memoryUsage().rss).toBeLessThan(2 ** 31)
    } finally {
      await source.dispose?.()
    }
  })
})

test('a process that ends is a fault, and the next trial goes on', async () => {
  const results: string[] = []
  const one = { kind: 'whole', file: 0 } as const
  const missing = join(tmpdir(), 'neckfrac-no-such-file.dcm')
  const trials = [missing, new URL('../../package.json', import.meta.url).pathname].map((path) => ({
    path,
    one,
  }))
  await runTrials(trials, ({ kind, what }) => results.push(`${kind}: ${what}`))
  expect(results[0]).toMatch(/^fault: the process ended/)
  expect(results[1]).toBe('refused: not a DICOM file')
})
