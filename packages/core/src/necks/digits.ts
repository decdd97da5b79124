/** Glyphs of 3 x 5 pixels, a row a digit in base 8, for rulers and names on pictures without a font. */
const GLYPHS: Readonly<Record<string, string>> = {
  '0': '75557', '1': '26227', '2': '71747', '3': '71717', '4': '55711', '5': '74717', '6': '74757', '7': '71244',
  '8': '75757', '9': '75717', '-': '00700', '+': '02720', _: '00007', p: '06564', t: '27223', m: '06775', c: '03443',
} // biome-ignore format: a table

/** Writes text in white from (x, y) down and right, `scale` pixels a dot; what it has no glyph for stays blank. */
export function writeText(
  { pixels, width, height }: { pixels: Uint8Array; width: number; height: number },
  text: string,
  x: number,
  y: number,
  scale = 2,
): void {
  for (const [n, letter] of [...text].entries())
    for (const [row, bits] of [...(GLYPHS[letter] ?? '00000')].entries())
      for (let dot = 0; dot < 3 * scale; dot++) {
        if (!(Number(bits) & (4 >> Math.floor(dot / scale)))) continue
        for (let s = 0; s < scale; s++) {
          const [u, v] = [Math.round(x) + n * 4 * scale + dot, Math.round(y) + row * scale + s]
          if (u >= 0 && v >= 0 && u < width && v < height) pixels[v * width + u] = 255
        }
      }
}
