import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { afterAll, expect, test } from 'vitest'
import { writeGallery } from './gallery.ts'

const folder = await mkdtemp(join(tmpdir(), 'neckfrac-gallery-'))
afterAll(() => rm(folder, { recursive: true }))

const draw = (name: string, types: string[], workers: number) =>
  writeGallery({
    gallery: join(folder, name),
    seed: 5,
    family: 'parametric',
    types,
    workers,
  })

test('a sheet of each kind, the same bytes from the same seed', { timeout: 300_000 }, async () => {
  const files = await draw('one', ['burst', 'healed-line'], 2)
  expect(files).toEqual(['fractures.png', 'look-alikes.png'].map((file) => join(folder, 'one', file)))
  const [again] = await draw('two', ['burst'], 1)
  expect((await readFile(files[0])).equals(await readFile(again))).toBe(true)
  for (const file of files) {
    const { width, height, data } = decode(await readFile(file))
    expect([width, height]).toEqual([2 * (3 * 170 + 4) + 8, 11 + 22 + 170])
    // Six views, each with bone (HU above 600) and soft tissue.
    for (let view = 0; view < 6; view++) {
      const x0 = view * 172 + (view > 2 ? 6 : 0)
      const column = Array.from({ length: 170 * 170 }, (_, p) =>
        Number(data[(33 + Math.floor(p / 170)) * width + x0 + (p % 170)]),
      )
      const share = (low: number, high: number) =>
        column.filter((v) => v >= low && v < high).length / column.length
      expect(share(156, 256)).toBeGreaterThan(0.02)
      expect(share(60, 100)).toBeGreaterThan(0.2)
    }
  }
})

test('a type that does not exist is named', async () => {
  const options = { gallery: folder, seed: 0, family: 'parametric', types: ['dens-iv'], workers: 1 } as const
  await expect(writeGallery(options)).rejects.toThrow(/no dens-iv in the gallery; it has c1-ring/)
})
