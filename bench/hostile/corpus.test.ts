import { describe, expect, it, test } from 'vitest'
import { minimise, packCorpus, readCorpus } from './corpus.ts'
import { SEEDS } from './seeds.ts'
import { attempt } from './trial.ts'

it.each([...SEEDS].filter(([name]) => !name.startsWith('dicomdir')))(
  'the seed %s is read',
  async (name, bytes) => {
    expect(await attempt(name, bytes)).toMatchObject({ kind: 'read' })
  },
)

test('one image in three encodings is read alike', async () => {
  const [rle, fragments, jpeg] = await Promise.all(
    ['rle.dcm', 'rle-in-fragments.dcm', 'jpeg-lossless.dcm'].map((name) => attempt(name, SEEDS.get(name)!)),
  )
  expect([fragments, jpeg]).toEqual([rle, rle])
})

describe('what the fuzzer found its way through', async () => {
  const corpus = await readCorpus()

  it('is kept, few read and most refused', () => {
    const count = (kind: string) => corpus.filter((input) => input.kind === kind).length
    expect(count('read')).toBeGreaterThan(20)
    expect(count('refused')).toBeGreaterThan(100)
    expect(count('read') + count('refused')).toBe(corpus.length)
  })

  it('still ends as it ended then', async () => {
    for (const { name, bytes, kind } of corpus) {
      const outcome = await attempt(name, bytes)
      expect(outcome.kind, `${name}: ${outcome.what}`).toBe(kind)
    }
  })

  it('makes the same archive again', async () => {
    const packed = packCorpus(corpus)
    expect(packed.equals(packCorpus(corpus.toReversed()))).toBe(true)
    expect(packed.length).toBeLessThan(300_000)
  })
})

test('of the inputs the smallest are kept that reach everything', () => {
  const input = (size: number, reached: readonly number[]) => ({
    name: 'a.dcm',
    bytes: new Uint8Array(size),
    kind: 'read' as const,
    reached,
  })
  const [large, small, other] = [input(9, [1, 2, 3]), input(2, [1, 2]), input(3, [2, 1])]
  expect(minimise([large, small, other])).toEqual([small, large])
})
