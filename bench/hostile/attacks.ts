import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateBomb, deflated, gzipBomb, zipOf } from './archives.ts'
import { element, encapsulated, nested, niftiHeader, part10, slice } from './files.ts'

/** One attack on the command line. */
export type Attack = {
  readonly name: string
  /** `predict` where something is written, `info` where reading alone is attacked. */
  readonly command: 'info' | 'predict' | 'anonymize'
  /** Seconds that are no fault, where there is honest work for longer than the usual limit. */
  readonly seconds?: number
  /** Fills an empty folder. @returns what the command is given */
  make(folder: string): string
}

/** A header that never ends: the element's length reaches beyond 4 GB. */
const ENDLESS = part10(element([0x00091010, 'OB', new Uint8Array(0), 0xfffffff0]))
const GIGABYTE = 2 ** 30
const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.70'
const DEFLATED = '1.2.840.10008.1.2.1.99'

const oneFile =
  (name: string, content: () => Uint8Array): Attack['make'] =>
  (folder) => {
    writeFileSync(join(folder, name), content())
    return join(folder, name)
  }

const series =
  (make: (z: number) => Buffer): Attack['make'] =>
  (folder) => {
    for (let z = 0; z < 24; z++) writeFileSync(join(folder, `${z}.dcm`), make(z))
    return folder
  }

const emptyElements = oneFile('a.dcm', () =>
  part10(Buffer.concat(new Array<Buffer>(4_000_000).fill(element([0x00090010, 'LO', ''])))),
)

/** JPEGs of a start and an end whose header claims `size` rows and columns. */
const emptyJpegs = (size: number) =>
  series((z) =>
    slice({
      z,
      rows: size,
      columns: size,
      syntax: JPEG_LOSSLESS,
      pixels: encapsulated(Buffer.of(0xff, 0xd8, 0xff, 0xd9)),
    }),
  )

/** Polyglots run as programs when someone is tricked to (CVE-2019-11687). */
const preamble = (magic: string): Buffer =>
  Buffer.concat([Buffer.from(magic, 'latin1'), Buffer.alloc(128)]).subarray(0, 128)

const chainOf = (folder: string): string => join(folder, ...new Array<string>(1000).fill('d'))

export const ATTACKS: readonly Attack[] = [
  {
    name: 'zip bomb: 4 MB that unpack to a DICOM header of 4 GB',
    command: 'info',
    make: oneFile('a.zip', () => {
      const packed = deflateBomb(ENDLESS, 4 * GIGABYTE - 2 ** 27)
      return zipOf([{ name: 'a.dcm', packed, method: 8, size: 0xfffffff0 }])
    }),
  },
  {
    name: 'zip whose entries climb out of the folder',
    command: 'predict',
    make: oneFile('a.zip', () =>
      zipOf(
        Array.from({ length: 24 }, (_, z) =>
          deflated(['../../evil', '/tmp/evil', 'C:\\evil', '..\\..\\evil'][z % 4] + z, slice({ z })),
        ),
      ),
    ),
  },
  {
    name: 'zip whose entries have one name',
    command: 'predict',
    make: oneFile('a.zip', () =>
      zipOf(Array.from({ length: 24 }, (_, z) => deflated('a.dcm', slice({ z })))),
    ),
  },
  {
    name: 'zip entry of 10 bytes that claims 4 GB',
    command: 'info',
    make: oneFile('a.zip', () =>
      zipOf([{ name: 'a.dcm', packed: ENDLESS.subarray(0, 180), method: 0, size: 0xfffffff0 }]),
    ),
  },
  {
    name: 'zip of 60,000 entries',
    command: 'info',
    seconds: 60,
    make: oneFile('a.zip', () =>
      zipOf(Array.from({ length: 60_000 }, (_, n) => deflated(`${n}`, Buffer.from(`${n}`)))),
    ),
  },
  {
    name: 'NIfTI gzip bomb: 3 MB that unpack to 3 GB of zeros',
    command: 'info',
    make: oneFile('a.nii.gz', () =>
      gzipBomb(niftiHeader([1024, 1024, 1500]), 3 * GIGABYTE, 352 + 3 * GIGABYTE - 2 ** 20),
    ),
  },
  {
    name: 'gzip that claims 400 bytes and holds 3 GB',
    command: 'info',
    make: oneFile('a.nii.gz', () => gzipBomb(niftiHeader([4, 4, 1]), 3 * GIGABYTE, 400)),
  },
  {
    name: 'NIfTI of 32767 x 32767 x 32767 voxels in 400 bytes',
    command: 'info',
    make: oneFile('a.nii', () => Buffer.concat([niftiHeader([32767, 32767, 32767]), Buffer.alloc(48, 0xfc)])),
  },
  {
    name: 'DICOM header of 4 GB, a sparse file',
    command: 'info',
    make: (folder) => {
      const path = join(folder, 'a.dcm')
      writeFileSync(path, ENDLESS)
      truncateSync(path, 4 * GIGABYTE)
      return path
    },
  },
  {
    name: 'deflated DICOM bomb of 4 GB',
    command: 'info',
    make: oneFile('a.dcm', () => part10(deflateBomb(ENDLESS.subarray(-12), 4 * GIGABYTE), DEFLATED)),
  },
  {
    name: '100,000 sequences in each other',
    command: 'info',
    make: oneFile('a.dcm', () => nested(100_000)),
  },
  {
    name: '100,000 sequences in each other, to be anonymised',
    command: 'anonymize',
    make: oneFile('a.dcm', () => nested(100_000)),
  },
  {
    name: '4 million empty elements',
    command: 'info',
    make: emptyElements,
  },
  {
    name: '4 million empty elements, to be anonymised',
    command: 'anonymize',
    make: emptyElements,
  },
  {
    name: '65535 x 65535 pixels claimed, 512 bytes there',
    command: 'predict',
    make: series((z) => slice({ z, rows: 65535, columns: 65535 })),
  },
  {
    name: '65535 x 65535 pixels claimed by 24 JPEGs of 4 bytes',
    command: 'predict',
    make: emptyJpegs(65535),
  },
  {
    name: '4096 x 4096 pixels claimed by 24 JPEGs of 4 bytes',
    command: 'predict',
    make: emptyJpegs(4096),
  },
  {
    name: '2147483647 frames claimed',
    command: 'predict',
    make: series((z) => slice({ z, frames: '2147483647' })),
  },
  {
    name: 'StudyInstanceUID ../../../evil',
    command: 'predict',
    make: series((z) => slice({ z, study: '../../../evil' })),
  },
  {
    name: 'StudyInstanceUID ../../../evil, to be anonymised',
    command: 'anonymize',
    make: series((z) => slice({ z, study: '../../../evil' })),
  },
  {
    name: 'preamble of a Windows program',
    command: 'predict',
    make: series((z) => slice({ z, preamble: preamble('MZ') })),
  },
  {
    name: 'preamble of a Linux program',
    command: 'anonymize',
    make: series((z) => slice({ z, preamble: preamble('\x7fELF') })),
  },
  {
    name: 'DICOMDIR that refers to itself and to /etc/passwd',
    command: 'info',
    make: oneFile('DICOMDIR', () => {
      const record = Buffer.concat([
        element([0x00041400, 'UL', Buffer.of(0, 0, 0, 0)]),
        element([0x00041420, 'UL', Buffer.of(132, 0, 0, 0)]),
        element([0x00041500, 'CS', '..\\..\\..\\etc\\passwd']),
      ])
      const item = Buffer.from([0xfe, 0xff, 0x00, 0xe0, record.length, 0, 0, 0])
      return part10(element([0x00041220, 'SQ', Buffer.concat([item, record])]))
    }),
  },
  {
    name: 'links to /, to themselves, to /dev/zero; a pipe',
    command: 'info',
    make: (folder) => {
      symlinkSync('/', join(folder, 'root'))
      symlinkSync('/dev/zero', join(folder, 'zero.dcm'))
      symlinkSync('loop', join(folder, 'loop'))
      mkdirSync(join(folder, 'deep'))
      symlinkSync('..', join(folder, 'deep', 'up'))
      execFileSync('mkfifo', [join(folder, 'pipe.dcm')])
      return folder
    },
  },
  {
    name: 'file names that steer a terminal',
    command: 'info',
    make: (folder) => {
      for (const name of ['\x1b]0;owned\x07.dcm', '\x1b[2J.dcm', 'a\nb.dcm', '--help', '$(id).dcm'])
        writeFileSync(join(folder, name), 'no DICOM')
      return folder
    },
  },
  {
    name: '100,000 files in a folder',
    command: 'info',
    seconds: 120,
    make: (folder) => {
      for (let n = 0; n < 100_000; n++) writeFileSync(join(folder, `${n}`), 'no DICOM')
      return folder
    },
  },
  {
    name: 'file and folder names that are no UTF-8',
    command: 'info',
    make: (folder) => {
      const at = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')])
      mkdirSync(at('Sch\xe4del'))
      for (const name of ['Sch\xe4del/\xff\xfe', 'H\xe4ls.dcm']) writeFileSync(at(name), 'no DICOM')
      return folder
    },
  },
  {
    name: '1,000 folders in each other',
    command: 'info',
    make: (folder) => {
      mkdirSync(chainOf(folder), { recursive: true })
      return folder
    },
  },
  {
    name: '3,000 folders in each other: no path is as long',
    command: 'info',
    make: (folder) => {
      const parts = ['a', 'b', 'c'].map((name) => join(folder, name))
      for (const part of parts) mkdirSync(chainOf(part), { recursive: true })
      renameSync(parts[1], join(chainOf(parts[0]), 'd'))
      renameSync(parts[0], join(chainOf(parts[2]), 'd'))
      return folder
    },
  },
]
