import { isNeckFracError } from '@neckfrac/core'
import { afterAll, expect, test } from 'vitest'
import type * as tasks from '../test/sample-worker.ts'
import { createPool } from './pool.ts'

const pool = createPool<typeof tasks>(new URL('../test/sample-worker.ts', import.meta.url), 2)
afterAll(() => pool.dispose())

test('runs typed tasks on several threads', async () => {
  const runs = [1, 2, 3, 4].map((n) => pool.run('double', n, { label: `number ${n}` }))
  expect(await Promise.all(runs)).toEqual([2, 4, 6, 8])
})

test('an error says what the task worked on and keeps its tag', async () => {
  const error = await pool.run('refuse', 'no such slice', { label: 'study 1.2.3' }).catch((e: unknown) => e)
  expect(isNeckFracError(error) && [error.tag, error.message]).toEqual([
    'input',
    'study 1.2.3: no such slice',
  ])
})

test('an unforeseen error keeps its place in the code', async () => {
  const error = await pool.run('crash', null, { label: 'study 1.2.3' }).catch((e: unknown) => e)
  expect(String(error)).toMatch(/study 1\.2\.3: TypeError: [\s\S]*sample-worker\.ts:/)
})

test('a task that runs is stopped, and the pool works on', async () => {
  const controller = new AbortController()
  const endless = pool.run('spin', null, { label: 'endless', signal: controller.signal })
  setTimeout(() => controller.abort(), 100)
  await expect(endless).rejects.toThrow(/abort/i)
  expect(await pool.run('double', 5, { label: 'next' })).toBe(10)
})
