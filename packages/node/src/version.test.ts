import { readFile } from 'node:fs/promises'
import { SOFTWARE } from '@neckfrac/core'
import { expect, test } from 'vitest'

test.each(['core', 'node', 'web'])('reports name the version of packages/%s', async (name) => {
  const path = new URL(`../../${name}/package.json`, import.meta.url)
  expect(JSON.parse(await readFile(path, 'utf8')).version).toBe(SOFTWARE.version)
})
