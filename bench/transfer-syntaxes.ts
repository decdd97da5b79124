// npm run bench:syntaxes -- DATA [--out FILE]
// What is read of the CT files below DATA/dicom-edge, beside what pydicom reads (make_pixels.py); writes the table.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readInstance } from '../packages/core/src/dicom/header.ts'
import { createPixelReader, whyUnreadable } from '../packages/core/src/dicom/pixels.ts'
import { describeTransferSyntax } from '../packages/core/src/dicom/transfer-syntaxes.ts'
import { signedValues } from '../packages/core/test/stored-values.ts'
import { CODECS } from '../packages/node/src/codecs.ts'
import { openSource } from '../packages/node/src/sources.ts'

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: 'docs/transfer-syntaxes.md' } },
})
if (positionals.length !== 1) {
  console.error('usage: npm run bench:syntaxes -- DATA [--out docs/transfer-syntaxes.md]')
  process.exit(2)
}
const [data] = positionals
type Theirs = {
  readonly syntax: string
  readonly shape: readonly number[]
  /** Of each frame; none where what pydicom gives are no stored values of a CT. */
  readonly sha256?: readonly string[]
}
const golden: { pydicom: string; files: Record<string, Theirs> } = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../packages/core/test/golden/pixels.json'), 'utf8'),
)
const EQUAL = 'every value'
const PLAIN = new Set(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', ''])

/** How the frames of one file compare. */
async function compare(name: string, { shape, sha256 }: Theirs): Promise<string> {
  const [file] = await (await openSource(path.join(data, name))).files()
  const parsed = await readInstance(file)
  if (parsed.kind !== 'instance') return `refused: ${parsed.skipped.reason}`
  const { instance, instances } = parsed
  const unreadable = whyUnreadable(instance, CODECS)
  if (unreadable !== null || sha256 === undefined) return `refused: ${unreadable}`
  const read = createPixelReader(CODECS)
  for (let frame = 0; frame < shape[0]; frame++) {
    const one = instances[frame] ?? { ...instance, frame }
    const values = signedValues(await read(one, file), one.format)
    const sum = createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')
    if (sum !== sha256[frame]) return `frame ${frame + 1} differs`
  }
  return EQUAL
}

let read = 0
const rows: string[] = []
const plain = new Map<string, number>()
for (const [name, theirs] of Object.entries(golden.files)) {
  const ours = await compare(name, theirs)
  if (ours === EQUAL) read++
  const [frames, height, width] = theirs.shape
  const isPlain = PLAIN.has(theirs.syntax) && frames === 1 && ours === EQUAL
  if (isPlain) plain.set(theirs.syntax, (plain.get(theirs.syntax) ?? 0) + 1)
  else
    rows.push(
      `| \`${name.replace('dicom-edge/', '')}\` | ${describeTransferSyntax(theirs.syntax)} | ${frames} x ${height} x ${width} | ${ours} |`,
    )
}
const files = Object.keys(golden.files).length
const page = `# Transfer syntaxes

Every frame of a CT that a file holds becomes a slice, in Node and in a browser, whatever the file's transfer syntax:
implicit and explicit little endian, big endian, deflated, RLE, JPEG baseline, extended and lossless, JPEG-LS, JPEG 2000,
HTJ2K; in one fragment a frame or several, with and without offset tables; enhanced and legacy-converted multi-frame.
[Decision 16](decisions/0016-compressed-pixels.md) says how.

Of ${files} CT files of eight public projects that pydicom ${golden.pydicom} reads with GDCM and pylibjpeg, ${read} give the same
values, frame by frame (SHA-256); the others are refused, with a reason. Compared by

\`\`\`sh
npm run bench:syntaxes -- DATA
\`\`\`

| file | transfer syntax | pydicom reads, frames x rows x columns | NeckFrac reads |
|---|---|---|---|
${rows.join('\n')}
${[...plain].map(([syntax, count]) => `| ${count} more files | ${syntax === '' ? 'none named' : describeTransferSyntax(syntax)} | 1 frame each | every value |`).join('\n')}

JPEG extended with 12 bits is compared with GDCM itself: pydicom leaves it to pylibjpeg, whose cosine transform rounds 3 to
4 % of the values to a neighbour. HTJ2K occurs in no file of the pile; synthetic frames of it, and of every other compressed
syntax, are decoded in tests in Node and in Chromium (\`packages/core/test/golden/make_frames.py\`).
`
writeFileSync(options.out, page)
console.log(`${files} files, ${read} read alike: ${options.out}`)
