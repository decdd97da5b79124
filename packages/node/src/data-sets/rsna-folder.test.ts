import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listRsnaStudies, originOf, placeBoxes, SYNTHETIC_FILE } from './rsna-folder.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'neckfrac-rsna-'))
  await mkdir(join(root, 'segmentations'))
  await writeFile(join(root, 'segmentations', '1.2.3.nii'), '')
})
afterAll(() => rm(root, { recursive: true, force: true }))

const HEADER = 'StudyInstanceUID,patient_overall,C1,C2,C3,C4,C5,C6,C7'
const BOXES = 'StudyInstanceUID,x,y,width,height,slice_number'

test('reads labels, boxes and masks as RSNA writes them', async () => {
  await writeFile(join(root, 'train.csv'), `${HEADER}\r\n1.2.3,1,1,0,0,0,0,0,0\r\n1.2.4,0,0,0,0,0,0,0,0\r\n`)
  await writeFile(join(root, 'train_bounding_boxes.csv'), `${BOXES}\n1.2.3,219.27,222.5,17.3,34.9,133\n`)
  const [first, second] = await listRsnaStudies(root)
  expect(first.fractured).toEqual({
    C1: true,
    C2: false,
    C3: false,
    C4: false,
    C5: false,
    C6: false,
    C7: false,
  })
  expect(first.boxes).toEqual([{ slice: '133', x: 219.27, y: 222.5, width: 17.3, height: 34.9 }])
  expect(first.mask).toBe(join(root, 'segmentations', '1.2.3.nii'))
  expect(second).toMatchObject({ uid: '1.2.4', mask: null, boxes: [], synthetic: false })
  expect(originOf(second)).toBe('dicom')
})

test('a folder that says it is synthetic holds phantoms', async () => {
  const notice = join(root, SYNTHETIC_FILE)
  await writeFile(notice, '')
  const [study] = await listRsnaStudies(root)
  await rm(notice)
  expect(originOf(study)).toBe('phantom')
})

test('a box belongs to the file of its number, wherever the volume has that slice', () => {
  const slices = ['3.dcm', '2.dcm', '1.dcm'].map((path) => ({ path, sopInstanceUid: path }))
  const box = { x: 1, y: 2, width: 3, height: 4 }
  const { boxes, unknown } = placeBoxes(
    [
      { slice: '1', ...box },
      { slice: '9', ...box },
    ],
    slices,
  )
  expect(boxes).toEqual([{ sliceIndex: 2, ...box }])
  expect(unknown).toEqual(['9'])
})

test.each([
  ['no table at all', null, /train\.csv/],
  ['a missing column', 'StudyInstanceUID,C1\n1.2.3,0\n', /no column "C2"/],
  ['a label that is no flag', `${HEADER}\n1.2.3,0,0,0,x,0,0,0,0\n`, /1\.2\.3: C3 is "x"/],
  ['a uid that is a path', `${HEADER}\n../../etc,0,0,0,0,0,0,0,0\n`, /no UID/],
  ['a uid that is the folder above', `${HEADER}\n..,0,0,0,0,0,0,0,0\n`, /no UID/],
])('says what is wrong: %s', async (_, table, message) => {
  await rm(join(root, 'train.csv'), { force: true })
  if (table !== null) await writeFile(join(root, 'train.csv'), table)
  await expect(listRsnaStudies(root)).rejects.toThrow(message)
})
