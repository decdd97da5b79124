import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeriesWriter, synthesize } from '@neckfrac/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Element } from '../../core/src/deidentify/elements.ts'
import { readDicomFile, writeDicomFile } from '../../core/src/deidentify/file.ts'
import { run, runIn } from '../test/run-cli.ts'

/** Nothing of these may be printed, nor stand in a file or its name. */
const MARKS = ['ZELDAMARK', 'ID-4711-MARK', '19610203', 'ACC-MARK-99', 'DRMARK', 'HOSPITALMARK', '061Y']

let root = ''
let study = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'neckfrac-privacy-'))
  study = join(root, 'study')
  mkdirSync(study)
  const { volume } = synthesize({ seed: 1, preset: 'small' })
  const writer = createSeriesWriter(volume, {
    studyInstanceUid: '1.2.3.4',
    patientName: 'ZELDAMARK^ZELDAMARK',
    patientId: 'ID-4711-MARK',
    date: '20200102',
    time: '030405',
    studyDescription: 'Neck',
    seriesDescription: 'bone',
    manufacturer: 'maker',
    kernel: 'BONE',
    kvp: 120,
  })
  for (let z = 0; z < volume.shape[0]; z++)
    writeFileSync(join(study, `${z}.dcm`), withMarks(writer.writeSlice(z, z + 1)))
  const whole = readFileSync(join(study, '0.dcm'))
  writeFileSync(join(study, 'cut-in-the-header.dcm'), whole.subarray(0, 700))
  writeFileSync(join(study, 'cut-in-the-pixels.dcm'), whole.subarray(0, whole.length - 100))
})
afterAll(() => rmSync(root, { recursive: true }))

function withMarks(slice: Uint8Array): Uint8Array {
  const file = readDicomFile(slice)
  const text = (tag: number, vr: string, value: string): Element => ({
    tag,
    vr,
    value: { kind: 'bytes', bytes: Buffer.from(value.length % 2 === 0 ? value : `${value} `) },
  })
  const extra = [
    text(0x00080050, 'SH', 'ACC-MARK-99'),
    text(0x00080080, 'LO', 'HOSPITALMARK'),
    text(0x00080090, 'PN', 'DRMARK^X'),
    text(0x00091010, 'LO', 'ZELDAMARK'),
    text(0x00100030, 'DA', '19610203'),
    text(0x00101010, 'AS', '061Y'),
  ]
  const elements = [...file.elements.filter(({ tag }) => extra.every((e) => e.tag !== tag)), ...extra]
  const meta = [text(0x00020010, 'UI', '1.2.840.10008.1.2.1\0')]
  return writeDicomFile({ ...file, elements: elements.sort((a, b) => a.tag - b.tag) }, meta)
}

function expectNoMarks(printed: string, folder?: string) {
  for (const mark of MARKS) expect(printed).not.toContain(mark)
  if (folder === undefined) return
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    for (const mark of MARKS) expect(name).not.toContain(mark)
    const path = join(folder, name)
    if (!statSync(path).isFile()) continue
    const content = readFileSync(path)
    for (const mark of MARKS) expect(content.includes(mark), `${mark} in ${name}`).toBe(false)
  }
}

it('the study of the test names its patient', () => {
  const slice = readFileSync(join(study, '0.dcm'))
  for (const mark of MARKS) expect(slice.includes(mark)).toBe(true)
})

it('predict prints and writes nothing of the patient', async () => {
  const out = join(root, 'reports')
  const { code, printed } = await run('predict', study, '--out', out)
  // The small phantom's slices are too thick to be judged; its report is as long as any.
  expect(code).toBeLessThan(2)
  expect(readdirSync(join(out, '1.2.3.4'))).toContain('report.html')
  expectNoMarks(printed, out)
})

it.each([[['info']], [['info', '--json']]])(
  '%s prints nothing of the patient',
  async ([command, ...rest]) => {
    const { code, printed } = await run(command, study, ...rest)
    expect(code).toBe(0)
    expectNoMarks(printed)
  },
)

it('anonymize writes nothing of the patient, and the same names with the same key', async () => {
  const [first, second, third] = ['a', 'b', 'c'].map((name) => join(root, name))
  const { code, printed } = await run('anonymize', study, '--out', first)
  expect(code).toBe(0)
  expect(printed).toContain('2 skipped')
  expect(printed).not.toContain('.dcm')
  expectNoMarks(printed, first)
  const key = `${first}.key`
  expect(statSync(key).mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o600)
  await run('anonymize', study, '--out', second, '--key', key)
  await run('anonymize', study, '--out', third)
  const list = (folder: string) => readdirSync(folder, { recursive: true }).sort()
  expect(list(second)).toEqual(list(first))
  expect(list(third)).not.toEqual(list(first))
  expect(list(first).every((name) => /^[\d./\\]+(\.dcm)?$/.test(String(name)))).toBe(true)
})

it('anonymize goes on past a file that cannot be read, and names no path', async () => {
  const folder = join(root, 'ZELDAMARK')
  cpSync(study, folder, { recursive: true })
  symlinkSync(join(root, 'DRMARK'), join(folder, 'link.dcm'))
  const { code, printed } = await run('anonymize', folder, '--out', join(root, 'e'))
  expect(code).toBe(0)
  expect(printed).toContain('1 file: a link that leads nowhere (ENOENT)')
  expectNoMarks(printed, join(root, 'e'))
})

it('a copy without the patient is read as the same study', async () => {
  const { code, printed } = await run('info', join(root, 'a'))
  expect(code).toBe(0)
  expect(printed).toContain('1 study would be read.')
})

it('a path that does not exist leaves no key behind', async () => {
  const { code } = await run('anonymize', join(root, 'nowhere'), '--out', join(root, 'never'))
  expect(code).toBe(1)
  expect(readdirSync(root)).not.toContain('never.key')
})

it('a key that is none is refused, and left alone', async () => {
  const key = join(root, 'notes.txt')
  writeFileSync(key, 'notes')
  const { code, printed } = await run('anonymize', study, '--out', join(root, 'd'), '--key', key)
  expect(code).toBe(2)
  expect(printed).toContain('not a key')
  expect(readFileSync(key, 'utf8')).toBe('notes')
})

it.each([
  ['predict', () => ['predict', study, '--out', join(root, 'silent')]],
  ['evaluate', () => ['evaluate', '--phantoms', '1', '--preset', 'small', '--out', join(root, 'silent-too')]],
])('%s lets ONNX Runtime keep no device id and report nothing', async (name, args) => {
  const home = join(root, `home-${name}`)
  mkdirSync(home)
  const env = { ...process.env, HOME: home, XDG_CACHE_HOME: join(home, 'cache'), TMPDIR: home }
  // ONNX Runtime is silent by itself where it sees a build machine.
  const kept = Object.entries(env).filter(([key]) => !/^(CI|GITHUB_ACTIONS|TF_BUILD|ORT_.*)$/.test(key))
  const { code } = await runIn(Object.fromEntries(kept), ...args())
  expect(code).toBeLessThan(2)
  const left = readdirSync(home, { recursive: true }).filter((file) => !`${file}`.includes('compile-cache'))
  expect(left).toEqual([])
})
