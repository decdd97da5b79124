import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BlobWriter, TextReader, Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSource } from './sources.ts'

const FILES: Readonly<Record<string, Uint8Array>> = {
  DICOMDIR: Uint8Array.of(1, 2, 3),
  'IM 1': Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251),
  'deep/empty': new Uint8Array(0),
  'deep/er/and deeper/ünï#?%.dcm': new Uint8Array(300_000).map((_, i) => (i * 7919) >> 5),
}

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'neckfrac-sources-'))
  for (const [path, bytes] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, 'study', path)), { recursive: true })
    writeFileSync(join(root, 'study', path), bytes)
  }
})
afterAll(() => rmSync(root, { recursive: true }))

async function packZip(options: { level: number; password?: string }): Promise<string> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false, ...options })
  for (const [path, bytes] of Object.entries(FILES)) await writer.add(path, new Uint8ArrayReader(bytes))
  await writer.add('folder/', undefined, { directory: true })
  const path = join(root, `level${options.level}`)
  writeFileSync(path, new Uint8Array(await (await writer.close()).arrayBuffer()))
  return path
}

const places: readonly (readonly [string, () => Promise<string>])[] = [
  ['a folder', async () => join(root, 'study')],
  ['a deflated zip', () => packZip({ level: 6 })],
  ['a stored zip', () => packZip({ level: 0 })],
]

describe.each(places)('%s', (_, place) => {
  it('lists all files by path in a stable order', async () => {
    const source = await openSource(await place())
    const files = await source.files()
    expect(files.map(({ path }) => path)).toEqual(Object.keys(FILES))
    expect(files.map(({ size }) => size)).toEqual(Object.values(FILES).map(({ length }) => length))
    await source.dispose?.()
  })

  it('reads whole files and ranges, also beyond the end and into memory that held something else', async () => {
    const source = await openSource(await place())
    const memory = new Uint8Array(1000).fill(9)
    for (const file of await source.files()) {
      const bytes = Buffer.from(FILES[file.path])
      expect(bytes.equals(await file.read())).toBe(true)
      for (const [start, end] of [
        [0, 4],
        [10, 1000],
        [4990, 400_000],
        [0, 16_384],
      ]) {
        expect(bytes.subarray(start, end).equals(await file.read({ start, end }))).toBe(true)
        expect(bytes.subarray(start, end).equals(await file.read({ start, end }, memory))).toBe(true)
      }
    }
    await source.dispose?.()
  })
})

describe('openSource', () => {
  it('opens a single file', async () => {
    const files = await (await openSource(join(root, 'study/IM 1'))).files()
    expect(files.map(({ path, size }) => [path, size])).toEqual([['IM 1', 5000]])
  })

  it('says what is wrong with a path', async () => {
    await expect(openSource(join(root, 'nothing'))).rejects.toThrow('no such file or folder')
    await expect(openSource(join(root, 'study/IM 1/x'))).rejects.toThrow('no such file or folder')
  })

  it('follows links inside the folder once, and says of those that leave it', async () => {
    const folder = join(root, 'links')
    mkdirSync(join(folder, 'real'), { recursive: true })
    writeFileSync(join(folder, 'real/a'), 'a')
    symlinkSync(join(folder, 'real/a'), join(folder, 'inside'))
    symlinkSync(folder, join(folder, 'real/loop'))
    symlinkSync(join(root, 'study'), join(folder, 'outside'))
    symlinkSync(join(root, 'study/IM 1'), join(folder, 'outside-file'))
    symlinkSync(join(folder, 'gone'), join(folder, 'broken'))
    const files = await (await openSource(folder)).files()
    const reasons = await Promise.all(
      files.map(async (file) => [file.path, await file.read().catch(({ message }) => message)]),
    )
    expect(reasons).toEqual([
      ['broken', 'a link that leads nowhere (ENOENT)'],
      ['inside', Buffer.from('a')],
      ['outside', 'a link out of the folder'],
      ['outside-file', 'a link out of the folder'],
      ['real/a', Buffer.from('a')],
    ])
  })

  // Other systems take no such names.
  it.runIf(process.platform === 'linux')('reads names that are no UTF-8', async () => {
    const folder = join(root, 'latin')
    const at = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')])
    mkdirSync(folder)
    mkdirSync(at('Sch\xe4del'))
    writeFileSync(at('Sch\xe4del/H\xe4ls'), 'latin')
    writeFileSync(join(folder, 'Häls'), 'utf')
    const files = await (await openSource(folder)).files()
    const contents = await Promise.all(files.map(async (file) => [file.path, String(await file.read())]))
    expect(contents).toEqual([
      ['Häls', 'utf'],
      ['Schädel/Häls', 'latin'],
    ])
  })

  it.runIf(process.platform === 'linux')('says of a folder that cannot be opened', async () => {
    const chain = (name: string) => join(root, name, ...new Array<string>(1000).fill('d'))
    for (const name of ['deep', 'deeper', 'deepest']) mkdirSync(chain(name), { recursive: true })
    // No path of the system is as long as this one becomes.
    renameSync(join(root, 'deeper'), join(chain('deep'), 'd'))
    renameSync(join(root, 'deep'), join(chain('deepest'), 'd'))
    const [file, ...others] = await (await openSource(join(root, 'deepest'))).files()
    expect(others).toEqual([])
    await expect(file.read()).rejects.toThrow('the folder cannot be opened (ENAMETOOLONG)')
  })

  it('refuses a damaged zip and an encrypted entry', async () => {
    const damaged = join(root, 'damaged.zip')
    writeFileSync(damaged, Uint8Array.of(0x50, 0x4b, 3, 4, 1, 2, 3))
    const source = await openSource(damaged)
    await expect(source.files()).rejects.toThrow('damaged zip')
    await source.dispose?.()
    const locked = await openSource(await packZip({ level: 1, password: 'x' }))
    const [file] = await locked.files()
    await expect(file.read()).rejects.toThrow('encrypted')
    await locked.dispose?.()
  })

  it('unpacks no more of a bomb than is asked for', async () => {
    const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false })
    await writer.add('bomb', new TextReader('0'.repeat(50_000_000)))
    const path = join(root, 'bomb.zip')
    writeFileSync(path, new Uint8Array(await (await writer.close()).arrayBuffer()))
    const source = await openSource(path)
    const [file] = await source.files()
    const before = process.memoryUsage().rss
    expect((await file.read({ start: 0, end: 16_384 })).length).toBe(16_384)
    expect(process.memoryUsage().rss - before).toBeLessThan(20_000_000)
    await source.dispose?.()
  })
})
