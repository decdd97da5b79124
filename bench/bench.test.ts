import { expect, test } from 'vitest'
import { compareProbabilities, median, medians } from './comparison.ts'
import { compareArrays, summarize as summarizePrepare } from './prepare-result.ts'
import { parseCpu, parsePeak, runProcess } from './process.ts'
import { summarize, toText } from './result.ts'

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

test('processor time of a process with an odd name', () => {
  expect(parseCpu('7 (a) b 9) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 11')).toBe(3)
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

test('ratios are taken within a pair, with and without what the peer imports', () => {
  const run = (seconds: number, stages: Record<string, number>) => {
    const probabilities = { C1: 0.5, patient_overall: 0.5 }
    return { stdout: '', seconds, peakBytes: 1e9 * seconds, cpuSeconds: 2 * seconds, probabilities, stages }
  }
  const pair = (ours: number, theirs: number) => ({
    ours: run(ours, { read: ours / 2 }),
    theirs: { ...run(theirs, { imports: 1, read: 2 }), versions: { Python: '3' } },
  })
  const setting = { study: '', bundle: '', peerWeights: '', machine: '', threads: 2, versions: {} }
  const result = summarize([pair(1, 4), pair(2, 6), pair(4, 16)], { seconds: 5, copies: 4 }, setting)
  expect(result.ratios).toEqual({ wholeProcess: [4, 3, 4], withoutPeerImports: [3, 2.5, 3.75] })
  expect(result.seconds).toEqual({ neckfrac: 2, neckfracEachFurtherStudy: 1, peer: 6, peerWithoutImports: 5 })
  expect(result.peakBytes).toEqual({ neckfrac: 4e9, peer: 16e9 })
  expect(result.cpuSeconds).toEqual({ neckfrac: 4, peer: 12 })
  expect(result.largestDifference).toBe(0)
  expect(toText(result)).toMatch(/read, s +1\.00 +2\.00/)
  expect(toText(result)).toMatch(/pair by pair +4\.00 \(4\.00, 3\.00, 4\.00\)/)
})

test('arrays are compared value by value, shapes first', () => {
  const compared = compareArrays('crop', [[Int16Array.of(1, 2, -3, 4), Int16Array.of(1, 2, 3, 5)]])
  expect(compared).toEqual({ array: 'crop', values: 4, differing: 0.5, largest: 6 })
  expect(compareArrays('crop', [[[1], [1, 2]]]).largest).toBe(Infinity)
})

test('studies per hour and what they mean for 343 GB', () => {
  const runs = (...seconds: number[]) =>
    seconds.map((s) => ({ stdout: '', seconds: s, peakBytes: 1e9, cpuSeconds: 1.5 * s }))
  const result = summarizePrepare(
    [
      { name: 'neckfrac', workers: 2, runs: runs(10, 20, 12) },
      { name: 'peer, usual', workers: 2, runs: runs(30, 80, 60) },
      { name: 'peer, usual', workers: 4, runs: runs(1, 1, 1) },
    ],
    [],
    { data: '', studies: 6, imageBytes: 343e6, machine: '', load: '', versions: {} },
  )
  expect(result.rows[0]).toMatchObject({ seconds: 12, studiesPerHour: 1800, cpuSecondsPerStudy: 3 })
  expect(result.rows[0].rsnaHours).toBeCloseTo(12000 / 3600)
  expect(result.ratios).toEqual([{ peer: 'peer, usual', workers: 2, wall: [3, 4, 5], cpu: [3, 4, 5] }])
})
