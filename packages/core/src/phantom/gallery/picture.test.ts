import { decode } from 'fast-png'
import { expect, test } from 'vitest'
import { beside, blank, caption, drawCorners, encodeSheet, type Picture, write } from './picture.ts'

/** The lit pixels of a picture, a line of text a row. */
const drawn = ({ width, height, pixels }: Picture) =>
  Array.from({ length: height }, (_, y) =>
    [...pixels.subarray(y * width, (y + 1) * width)].map((v) => (v > 0 ? '#' : '.')).join(''),
  )

test('letters are legible and keep their distance', () => {
  const picture = blank(11, 7)
  write(picture, 'c5', 0, 0)
  expect(drawn(picture)).toEqual([
    '.###..#####',
    '#...#.#....',
    '#.....####.',
    '#.........#',
    '#.........#',
    '#...#.#...#',
    '.###...###.',
  ])
})

test('a text is cut off at the edge, not wrapped', () => {
  const picture = blank(4, 9)
  write(picture, 'HH', 1, 1)
  expect(drawn(picture).map((row) => row.slice(0, 1))).toEqual(Array(9).fill('.'))
})

test('corners stand outside the box that they mark, and end at the edge of the picture', () => {
  const picture = { width: 24, height: 22, pixels: new Uint8Array(24 * 22).fill(90) }
  drawCorners(picture, { left: 4, top: 4, right: 20, bottom: 30 })
  const at = (x: number, y: number) => picture.pixels[y * 24 + x]
  for (let y = 4; y < 22; y++) for (let x = 4; x < 20; x++) expect(at(x, y)).toBe(90)
  expect([at(2, 2), at(8, 2), at(9, 2), at(21, 2), at(2, 8)]).toEqual([255, 255, 90, 255, 255])
  expect([at(3, 3), at(20, 3)]).toEqual([0, 0])
})

test('pictures keep their pixels in a sheet', () => {
  const grey = (value: number): Picture => ({ width: 3, height: 2, pixels: new Uint8Array(6).fill(value) })
  const row = beside([grey(50), grey(90)], 1)
  expect([...row.pixels]).toEqual([50, 50, 50, 0, 90, 90, 90, 50, 50, 50, 0, 90, 90, 90])
  const titled = caption('', '', row)
  const { width, height, data } = decode(encodeSheet('', [titled, grey(7)]))
  expect([width, height]).toEqual([7, 11 + titled.height + 2])
  expect([...data.slice(-7)]).toEqual([7, 7, 7, 0, 0, 0, 0])
})
