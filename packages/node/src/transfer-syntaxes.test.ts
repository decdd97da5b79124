import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deidentify, uidOf } from '@neckfrac/core'
import { describe, expect, it } from 'vitest'
import { readInstance } from '../../core/src/dicom/header.ts'
import { createPixelReader, whyUnreadable } from '../../core/src/dicom/pixels.ts'
import { memoryFile } from '../../core/test/memory-source.ts'
import { signedValues } from '../../core/test/stored-values.ts'
import { CODECS } from './codecs.ts'
import { openSource } from './sources.ts'

/** Files beside the repository; what pydicom reads of them, by make_pixels.py. */
const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url))
const GOLDEN = new URL('../../core/test/golden/pixels.json', import.meta.url)

type Golden = {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly syntax: string
        readonly shape: readonly number[]
        /** Of each frame; none where what pydicom gives are no stored values of a CT. */
        readonly sha256?: readonly string[]
      }
    >
  >
}
const { files }: Golden = JSON.parse(readFileSync(GOLDEN, 'utf8'))

/** Damaged headers that pydicom reads past: an item that begins with its own end. */
const REFUSED = new Set(['dicom-edge/fuzz_pwnlabmx/cat17_cve_libdicom_uaf/TC0913_sq_early_delim.dcm'])

const PLAIN = new Set(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', ''])
const NAMES = { newUid: uidOf, pseudonym: () => 'P', includeBurnedIn: true }

const present = existsSync(DATA)

describe.skipIf(!present)(
  `CT files of eight projects${present ? '' : ' (skipped: ../shared/data is not there)'}`,
  () => {
    it.each(Object.entries(files))('%s: the stored values of pydicom', async (path, expected) => {
      const [file] = await (await openSource(DATA + path)).files()
      const parsed = await readInstance(file)
      if (parsed.kind !== 'instance') {
        expect(REFUSED, parsed.skipped.reason).toContain(path)
        return
      }
      const { instance, instances } = parsed
      if (expected.sha256 === undefined) {
        expect(whyUnreadable(instance, CODECS)).toMatch(
          /^colour image|^BitsAllocated 1 |^BitsStored .* do not fit/,
        )
        return
      }
      const [frames, rows, columns] = expected.shape
      expect([instance.frames, instance.format.rows, instance.format.columns]).toEqual([
        frames,
        rows,
        columns,
      ])
      const read = createPixelReader(CODECS)
      for (let frame = 0; frame < frames; frame++) {
        const one = instances[frame] ?? { ...instance, frame }
        const values = signedValues(await read(one, file), one.format)
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(expected.sha256[frame])
      }
    })

    const packed = Object.entries(files).filter(
      ([, { syntax, shape, sha256 }]) => sha256 !== undefined && (shape[0] > 1 || !PLAIN.has(syntax)),
    )
    it.each(packed)('%s: anonymised, with the same values', async (path) => {
      const bytes = new Uint8Array(readFileSync(DATA + path))
      const values = async (of: Uint8Array) => {
        const file = memoryFile('a', of)
        const parsed = await readInstance(file)
        if (parsed.kind !== 'instance') throw new Error(parsed.skipped.reason)
        const read = createPixelReader(CODECS)
        return Promise.all(
          parsed.instances.map(async (one) => ({
            values: Buffer.from(await read(one, file)).toString('base64'),
            place: [one.position, one.pixelSpacingMm, one.format],
          })),
        )
      }
      expect(await values(deidentify(bytes, NAMES).bytes)).toEqual(await values(bytes))
    })
  },
)
