import { expect, it } from 'vitest'
import { analyze } from './analyze.ts'

it('tells when the images are read and the networks are still to come', async () => {
  const networks = new Promise<never>(() => {})
  const run = analyze('study', async () => ({}) as never, networks, { clock: () => 0 })
  expect(await run.next()).toEqual({ done: false, value: { stage: 'read' } })
  expect(await run.next()).toEqual({ done: false, value: { stage: 'prepare' } })
})
