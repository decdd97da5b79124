import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { SOFTWARE } from '@neckfrac/core'
import { expect, test } from 'vitest'

test.each(['core', 'node', 'web'])('reports name the version of packages/%s', async (name) => {
  const path = new URL(`../../${name}/package.json`, import.meta.url)
  expect(JSON.parse(await readFile(path, 'utf8')).version).toBe(SOFTWARE.version)
})

test('--version prints it', async () => {
  const main = new URL('main.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--version'])
  expect(stdout.trim()).toBe(SOFTWARE.version)
})
