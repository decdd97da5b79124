/** One image of 16-bit words, and how to write it as JPEG lossless (T.81 annex H). */
export type LosslessImage = {
  readonly rows: number
  readonly columns: number
  readonly precision: number
  readonly values: Uint16Array
  /** Selection value, 1 to 7. */
  readonly predictor?: number
  /** Rows between restarts; none when absent. */
  readonly restartRows?: number
  /** Bits of the code of each category from 0; those of `CODE_BITS` when absent. */
  readonly codeBits?: readonly number[]
}

/** Of categories 0 to 16: the larger the difference, the longer. */
const CODE_BITS = [3, 3, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]

export function jpegLosslessBytes(image: LosslessImage): Uint8Array {
  const { rows, columns, precision, predictor = 1, restartRows = 0, codeBits = CODE_BITS } = image
  const order = codeBits.map((_, category) => category).sort((a, b) => codeBits[a] - codeBits[b])
  const counts = Array.from({ length: 16 }, (_, n) => codeBits.filter((bits) => bits === n + 1).length)
  const word = (n: number) => [n >> 8, n & 255]
  const segment = (marker: number, bytes: readonly number[]) => [
    255,
    marker,
    ...word(bytes.length + 2),
    ...bytes,
  ]
  return Uint8Array.from([
    ...[255, 0xd8],
    ...segment(0xc4, [0, ...counts, ...order]),
    ...segment(0xc3, [precision, ...word(rows), ...word(columns), 1, 1, 0x11, 0]),
    ...(restartRows > 0 ? segment(0xdd, word(restartRows * columns)) : []),
    ...segment(0xda, [1, 1, 0, predictor, 0, 0]),
    ...scan(image, codesOf(order, codeBits)),
    ...[255, 0xd9],
  ])
}

/** Code of each category: the next number of so many bits. */
function codesOf(order: readonly number[], codeBits: readonly number[]): readonly number[] {
  const codes: number[] = []
  let next = 0
  for (const [n, category] of order.entries()) {
    if (n > 0) next = (next + 1) << (codeBits[category] - codeBits[order[n - 1]])
    codes[category] = next
  }
  return codes
}

function scan(image: LosslessImage, codes: readonly number[]): readonly number[] {
  const { rows, columns, precision, values, predictor = 1, restartRows = 0, codeBits = CODE_BITS } = image
  const bytes: number[] = []
  let held = 0
  let bits = 0
  const write = (value: number, count: number) => {
    for (let bit = count - 1; bit >= 0; bit--) {
      held = (held << 1) | ((value >> bit) & 1)
      if (++bits < 8) continue
      bytes.push(held, ...(held === 255 ? [0] : []))
      held = bits = 0
    }
  }
  const pad = () => write(0x7f, (8 - bits) % 8)
  for (let row = 0; row < rows; row++) {
    const isFirst = restartRows === 0 ? row === 0 : row % restartRows === 0
    if (row > 0 && restartRows > 0 && isFirst) {
      pad()
      bytes.push(255, 0xd0 + ((row / restartRows - 1) % 8))
    }
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column
      const [a, b, c] = [values[at - 1], values[at - columns], values[at - columns - 1]]
      const guesses = [0, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1]
      const guess = isFirst
        ? column === 0
          ? 1 << (precision - 1)
          : a
        : column === 0
          ? b
          : guesses[predictor]
      // From -32767 to 32768, modulo 65536.
      const difference = ((values[at] - guess + 32767) & 0xffff) - 32767
      const category = difference === 0 ? 0 : 32 - Math.clz32(Math.abs(difference))
      write(codes[category], codeBits[category])
      if (category < 16) write(difference < 0 ? difference + (1 << category) - 1 : difference, category)
    }
  }
  pad()
  return bytes
}
