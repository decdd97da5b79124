import { expect, test } from 'vitest'
import { compareProbabilities, median, medians } from './comparison.ts'
import { parsePeak, runProcess } from './process.ts'

test('the largest difference of two predictions', () => {
  const { largest, rows } = compareProbabilities({ C1: 0.2, C2: null }, { C2: null, C1: 0.25 })
  expect(largest).toBeCloseTo(0.05)
  expect(rows).toEqual([
    { name: 'C1', ours: 0.2, theirs: 0.25 },
    { name: 'C2', ours: null, theirs: null },
  ])
})

test('a level that only one of the two judged is no agreement', () => {
  expect(compareProbabilities({ C1: 0.2 }, { C1: null }).largest).toBe(Infinity)
  expect(compareProbabilities({ C1: 0.2 }, { C1: 0.2, C2: 0.1 }).largest).toBe(Infinity)
})

test('medians', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
  expect(medians([{ read: 1 }, { read: 5 }, { read: 2 }])).toEqual({ read: 2 })
})

test('the peak of a process', () => {
  expect(parsePeak('Name:\tnode\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n')).toBe(2 ** 21)
  expect(parsePeak('Name:\tzombie\n')).toBeNull()
})

test.runIf(process.platform === 'linux')('memory of a process and of what it starts', async () => {
  const hold = 'const b = Buffer.alloc(200e6, 1); setTimeout(() => b, 500)'
  const start = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(hold)}]); console.log('done')`
  const { stdout, peakBytes } = await runProcess(process.execPath, ['-e', start])
  expect(stdout).toBe('done\n')
  expect(peakBytes).toBeGreaterThan(200e6)
  expect(peakBytes).toBeLessThan(600e6)
})

test('a program that fails says why', async () => {
  const failing = runProcess(process.execPath, ['-e', 'console.error("no bundle"); process.exit(3)'])
  await expect(failing).rejects.toThrow(/ended with 3:\nno bundle/)
})
