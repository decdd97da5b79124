import { expect, test } from 'vitest'
import { folderName } from './predict.ts'

test.each([
  ['1.2.840.1', '1.2.840.1'],
  ['../../etc/passwd', '__.._etc_passwd'],
  ['..', '_'],
  ['a/b\\c:d', 'a_b_c_d'],
  ['', 'study'],
])('a UID of %j becomes the folder %j', (uid, folder) => {
  expect(folderName(uid, new Set())).toBe(folder)
})

test('studies of one run never share a folder', () => {
  const taken = new Set<string>()
  expect([folderName('1.2', taken), folderName('1.2', taken), folderName('1/2', taken)]).toEqual([
    '1.2',
    '1.2-2',
    '1_2',
  ])
})
