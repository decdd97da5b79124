import { expect, test } from 'vitest'
import { createIndex, foldOf, preparedIndex } from './index-file.ts'

test('folds are even, also for uids that differ in their last digits only', () => {
  const counts = [0, 0, 0, 0, 0]
  for (let n = 0; n < 5000; n++) counts[foldOf(`1.2.826.0.1.3680043.${n}`, 5)]++
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(100)
})

test('a study keeps its fold when others come', () => {
  expect(foldOf('1.2.826.0.1.3680043.780', 5)).toBe(foldOf('1.2.826.0.1.3680043.780', 5))
  expect(foldOf('1.2.3', 1)).toBe(0)
})

test('an index survives JSON', () => {
  const index = createIndex(5, [])
  expect(preparedIndex.parse(JSON.parse(JSON.stringify(index)))).toEqual(index)
})
