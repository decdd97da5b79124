import { expect, test } from 'vitest'
import { describeNotes } from './prepare.ts'

test('a note that many studies have is one line, others name their study', () => {
  const noted = (uid: string, ...notes: string[]) => ({ uid, notes })
  const many = Array.from({ length: 1932 }, (_, n) => noted(`1.${n}`, 'no mask'))
  expect(describeNotes([noted('2.1', 'mask turned over'), ...many, noted('2.2')])).toEqual([
    '2.1: mask turned over',
    '1932 studies: no mask',
  ])
  expect(describeNotes(many.slice(0, 2))).toEqual(['1.0: no mask', '1.1: no mask'])
})
