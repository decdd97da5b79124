import { encode } from 'fast-png'

/** The usual 5 x 7 letters of dot-matrix displays: five columns a letter, lowest bit on top. */
const GLYPHS: Readonly<Record<string, string>> = {
  '-': '0808080808', '.': '0060600000', ',': '0050300000', '/': '2010080402', ':': '0036360000',
  '0': '3e5149453e', '1': '00427f4000', '2': '4261514946', '3': '2141454b31', '4': '1814127f10',
  '5': '2745454539', '6': '3c4a494930', '7': '0171090503', '8': '3649494936', '9': '064949291e',
  A: '7e1111117e', B: '7f49494936', C: '3e41414122', D: '7f4141221c', E: '7f49494941', F: '7f09090901',
  G: '3e4149497a', H: '7f0808087f', I: '00417f4100', J: '2040413f01', K: '7f08142241', L: '7f40404040',
  M: '7f020c027f', N: '7f0408107f', O: '3e4141413e', P: '7f09090906', Q: '3e4151215e', R: '7f09192946',
  S: '4649494931', T: '01017f0101', U: '3f4040403f', V: '1f2040201f', W: '3f4038403f', X: '6314081463',
  Y: '0708700807', Z: '6151494543',
} // biome-ignore format: a table of letters

/** Height of a line and width of a letter with the space after them, pixels at scale 1. */
const LINE = 9
const ADVANCE = 6

/** A grey picture, row by row. */
export type Picture = { readonly width: number; readonly height: number; readonly pixels: Uint8Array }

export const blank = (width: number, height: number): Picture => ({
  width,
  height,
  pixels: new Uint8Array(width * height),
})

/** Writes capitals into a picture; x, y are the top-left corner. What the table lacks is left blank. */
export function write(picture: Picture, text: string, x: number, y: number, scale = 1, grey = 255): void {
  const { width, height, pixels } = picture
  for (const [n, letter] of [...text.toUpperCase()].entries()) {
    const glyph = GLYPHS[letter]
    if (!glyph) continue
    for (let v = 0; v < 7 * scale; v++)
      for (let u = 0; u < 5 * scale; u++) {
        const column = Math.floor(u / scale)
        const bits = Number.parseInt(glyph.slice(2 * column, 2 * column + 2), 16)
        const [px, py] = [x + n * ADVANCE * scale + u, y + v]
        if ((bits >> Math.floor(v / scale)) & 1 && px >= 0 && px < width && py >= 0 && py < height)
          pixels[py * width + px] = grey
      }
  }
}

/** Length of a corner's arms, pixels. */
const ARM = 7

/** Marks the corners of a rectangle from outside, white beside black, so that it stands out from bone and air alike. */
export function drawCorners(
  picture: Picture,
  { left, top, right, bottom }: Record<'left' | 'top' | 'right' | 'bottom', number>,
): void {
  const { width, height, pixels } = picture
  const set = (x: number, y: number, grey: number) => {
    if (x >= 0 && x < width && y >= 0 && y < height) pixels[y * width + x] = grey
  }
  for (const [grey, away] of [
    [0, 1],
    [255, 2],
  ] as const)
    for (const [x, inX] of [
      [left - away, 1],
      [right + away - 1, -1],
    ] as const)
      for (const [y, inY] of [
        [top - away, 1],
        [bottom + away - 1, -1],
      ] as const)
        for (let n = 0; n < ARM; n++) {
          set(x + inX * n, y, grey)
          set(x, y + inY * n, grey)
        }
}

/** A bar of so many pixels in the lower right corner, to read lengths by. */
export function drawBar({ width, height, pixels }: Picture, length: number): void {
  const from = (height - 5) * width + width - 5 - length
  pixels.fill(255, from, from + length)
  pixels.fill(255, from - width, from - width + 1)
  pixels.fill(255, from - width + length - 1, from - width + length)
}

/** Copies a picture into a larger one. */
function paste(into: Picture, picture: Picture, x: number, y: number): void {
  for (let row = 0; row < picture.height; row++)
    into.pixels.set(
      picture.pixels.subarray(row * picture.width, (row + 1) * picture.width),
      (y + row) * into.width + x,
    )
}

/** Pictures side by side. */
export function beside(pictures: readonly Picture[], gap = 2): Picture {
  const out = blank(
    pictures.reduce((sum, p) => sum + p.width + gap, -gap),
    Math.max(...pictures.map((p) => p.height)),
  )
  let x = 0
  for (const picture of pictures) {
    paste(out, picture, x, 0)
    x += picture.width + gap
  }
  return out
}

/** A title above a picture and a note in its lower left corner. */
export function caption(title: string, note: string, picture: Picture): Picture {
  const head = 2 * LINE + 4
  const out = blank(picture.width, picture.height + head)
  write(out, title, 2, 4, 2)
  paste(out, picture, 0, head)
  write(out, note, 3, out.height - LINE, 1)
  return out
}

/** Grey PNG of a line of text and of rows below each other. */
export function encodeSheet(title: string, rows: readonly Picture[]): Uint8Array {
  const sheet = blank(
    Math.max(...rows.map((row) => row.width)),
    rows.reduce((sum, row) => sum + row.height, LINE + 2),
  )
  write(sheet, title, 3, 3)
  let y = LINE + 2
  for (const row of rows) {
    paste(sheet, row, 0, y)
    y += row.height
  }
  const { width, height, pixels } = sheet
  return encode({ width, height, data: pixels, channels: 1, depth: 8 })
}
