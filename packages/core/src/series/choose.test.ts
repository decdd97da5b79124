import { describe, expect, it } from 'vitest'
import { type SliceOptions, writeSlice } from '../../test/dicom-bytes.ts'
import { type Instance, parseInstance } from '../dicom/instance.ts'
import { chooseSeries } from './choose.ts'
import { groupSeries } from './group.ts'
import { compileRules } from './rules.ts'
import { parseSeriesRules } from './rules-file.ts'

const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'

/** Images of one series, `step` mm apart. */
function series(uid: string, options: SliceOptions & { count?: number; step?: number } = {}): Instance[] {
  const { count = 100, step = 1, ...slice } = options
  return Array.from({ length: count }, (_, k) => {
    const position = slice.position ?? [0, 0, k * step]
    const bytes = writeSlice({ thickness: step, series: uid, sop: `${uid}.${k}`, ...slice, position })
    const parsed = parseInstance(`${uid}/${k}`, bytes)
    if (parsed.kind !== 'instance') throw new Error(JSON.stringify(parsed))
    return parsed.instance
  })
}

const choose = (...instances: Instance[][]) =>
  chooseSeries(groupSeries(instances.flat()).series, { codecs: {} })
const reasonOf = (uid: string, choice: ReturnType<typeof choose>) =>
  choice.summaries.find((summary) => summary.seriesInstanceUid === uid)?.reason

describe('groupSeries', () => {
  it('groups by SeriesInstanceUID and measures the steps', () => {
    const { series: groups, skipped } = groupSeries([
      ...series('1.1'),
      ...series('1.2', { step: 2.5, count: 30 }),
    ])
    expect(groups.map((s) => [s.seriesInstanceUid, s.instances.length, s.stepMm, s.extentMm])).toEqual([
      ['1.1', 100, 1, 99],
      ['1.2', 30, 2.5, 72.5],
    ])
    expect(skipped).toEqual([])
  })

  it.each<[string, SliceOptions]>([
    ['patient', { patientId: 'P2' }],
    ['orientation', { orientation: [0, 1, 0, 0, 0, -1] }],
    ['matrix', { rows: 6 }],
    ['pixel size', { pixelSpacing: [0.5, 0.5] }],
    ['localizer', { imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' }],
    ['derived', { imageType: 'DERIVED\\PRIMARY\\AXIAL' }],
    ['kernel', { kernel: 'BONE' }],
    ['secondary capture', { sopClass: SECONDARY_CAPTURE }],
  ])('splits one UID by %s', (_, options) => {
    const { series: groups } = groupSeries([...series('1.1'), ...series('1.1', { ...options, count: 7 })])
    expect(groups.map((s) => s.instances.length)).toEqual([100, 7])
  })

  const again = (instances: readonly Instance[], changes: Partial<Instance> = {}) =>
    instances.map((i) => ({ ...i, sopInstanceUid: `${i.sopInstanceUid}.2`, ...changes }))
  const counts = (instances: readonly Instance[]) =>
    groupSeries(instances).series.map((s) => s.instances.length)

  it('splits two acquisitions of the same part of the body, though no slice repeats a position', () => {
    const shifted = series('1.1').map((i) => ({ ...i, position: [0, 0, i.position![2] + 0.3] as const }))
    expect(counts([...series('1.1'), ...again(shifted, { acquisitionNumber: 2 })])).toEqual([100, 100])
  })

  it('keeps acquisitions together that lie one below the other, as a table that moves in steps scans them', () => {
    const steps = series('1.1').map((i, k) => ({ ...i, acquisitionNumber: Math.floor(k / 4) }))
    expect(counts(steps)).toEqual([100])
  })

  it('splits stacks without acquisition numbers by the order of their images', () => {
    const first = series('1.1').map((i, k) => ({ ...i, instanceNumber: k }))
    const second = first.map((i, k) => ({ ...i, instanceNumber: 100 + k, sopInstanceUid: `9.${k}` }))
    const { series: groups } = groupSeries([...second, ...first])
    expect(groups.map((s) => s.instances.every((i) => i.instanceNumber! < 100))).toEqual([true, false])
    expect(groups.map((s) => s.instances.length)).toEqual([100, 100])
  })

  it('takes no stray copies for a second stack', () => {
    expect(counts([...series('1.1'), ...again(series('1.1').slice(0, 30))])).toEqual([130])
    expect(counts([...series('1.1'), ...series('1.1')])).toEqual([200])
  })

  it('splits two acquisitions that lie on top of each other', () => {
    const { series: groups } = groupSeries([
      ...series('1.1', { acquisition: 1 }),
      ...series('1.1', { acquisition: 2 }).map((i) => ({ ...i, sopInstanceUid: `${i.sopInstanceUid}.2` })),
    ])
    expect(groups.map((s) => s.instances.length)).toEqual([100, 100])
  })

  it('hands back what has no place in space', () => {
    const { series: groups, skipped } = groupSeries([
      ...series('1.1'),
      ...series('1.2', { count: 1, orientation: [0, 0, 0, 0, 0, 0] }),
      ...series('1.3', { count: 1, pixelSpacing: [0, 0] }),
      ...series('1.4', { count: 1, orientation: [0, 0, 0, 0, 0, 0], sopClass: SECONDARY_CAPTURE }),
    ])
    expect(groups.length).toBe(1)
    expect(skipped.map(({ reason }) => reason)).toEqual([
      'no usable ImageOrientationPatient (modality CT)',
      'no PixelSpacing (modality CT)',
      'secondary capture (SOP class)',
    ])
  })
})

describe('chooseSeries', () => {
  it.each<[string, SliceOptions & { count?: number; step?: number }]>([
    ['modality MR, not CT', { modality: 'MR' }],
    ['localizer', { imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' }],
    ['secondary capture (SOP class)', { sopClass: SECONDARY_CAPTURE }],
    ['secondary capture (SOP class)', { sopClass: `${SECONDARY_CAPTURE}.2`, modality: 'OT' }],
    ['MIP', { imageType: 'DERIVED\\PRIMARY\\MIP' }],
    ['no RescaleSlope', { slope: 0 }],
    ['only 19 slices', { count: 19, step: 5 }],
    ['covers only 50 mm', { count: 51 }],
    [
      '1.2.840.10008.1.2.5 (RLE lossless)',
      { transferSyntax: '1.2.840.10008.1.2.5', fragments: [new Uint8Array(2)] },
    ],
  ])('rejects: %s', (reason, options) => {
    const choice = choose(series('1.1', options))
    expect(choice.chosen).toBeNull()
    expect(reasonOf('1.1', choice)).toContain(reason)
  })

  it.each<
    [
      string,
      SliceOptions & { count?: number; step?: number },
      SliceOptions & { count?: number; step?: number },
    ]
  >([
    ['thinner slices', { step: 1 }, { step: 2 }],
    ['bone kernel', { kernel: 'BONE' }, { kernel: 'STANDARD' }],
    ['bone kernel', { kernel: 'Br64f', step: 1 }, { kernel: 'Br40f', step: 0.6, count: 170 }],
    ['the header names the neck', { description: 'C-Spine 2.0 B60' }, { description: 'Head 1.0' }],
    ['slices of 3 mm or thinner', { step: 0.6, count: 200 }, { step: 5, description: 'NECK' }],
    ['original, not derived', { step: 3 }, { step: 1, imageType: 'DERIVED\\PRIMARY\\MPR' }],
    ['finer spacing', { step: 0.5, count: 200 }, { step: 0.6, count: 200 }],
    ['more slices', { count: 120 }, { count: 100 }],
  ])('prefers %s', (words, better, worse) => {
    for (const order of [
      [series('1.1', better), series('1.2', worse)],
      [series('1.2', worse), series('1.1', better)],
    ]) {
      const choice = choose(...order)
      expect(choice.chosen?.seriesInstanceUid).toBe('1.1')
      expect(reasonOf('1.1', choice)).toBe(`best of 2: ${words}`)
      expect(reasonOf('1.2', choice)).toBe(`another series is preferred: ${words}`)
    }
  })

  it.each<[string, number[]]>([
    ['oblique', [1, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2]],
    ['sagittal', [0, 1, 0, 0, 0, -1]],
    ['coronal', [1, 0, 0, 0, 0, -1]],
  ])('reads %s slices where nothing axial can be read', (plane, orientation) => {
    const reformat = { orientation, rows: 160, columns: 4 }
    const stack = (uid: string) =>
      series(uid, reformat).map((i, k) => ({
        ...i,
        position: (plane === 'sagittal' ? [k, 0, 0] : [0, k, -k]) as [number, number, number],
      }))
    expect(choose(stack('1.1')).chosen?.seriesInstanceUid).toBe('1.1')
    const beside = choose(stack('1.1'), series('1.2'))
    expect(beside.chosen?.seriesInstanceUid).toBe('1.2')
    expect(reasonOf('1.1', beside)).toBe(`another series is preferred: axial, not ${plane}`)
    const thick = choose(stack('1.1'), series('1.2', { step: 5, count: 30 }))
    expect(thick.chosen?.seriesInstanceUid).toBe('1.1')
  })

  it('reads what only ImageType calls secondary: archives write it into reformats', () => {
    const choice = choose(series('1.1', { imageType: 'DERIVED\\SECONDARY\\AXIAL' }))
    expect(choice.chosen?.seriesInstanceUid).toBe('1.1')
  })

  it('measures the length of sagittal slices along the body', () => {
    const sagittal = series('1.1', { orientation: [0, 1, 0, 0, 0, -1], rows: 50, columns: 200 })
    expect(reasonOf('1.1', choose(sagittal))).toBe('covers only 49 mm, 60 mm needed')
  })

  it("follows a site's own rules", () => {
    const all = [
      series('1.1', { description: 'NECK 1.0 BONE', sopClass: '1.2.3.4' }),
      series('1.2', { description: 'NECK 1.0 DL' }),
      series('1.3', { description: 'NECK 0.5 METAL', step: 0.5, count: 200 }),
    ]
    const under = (rules: unknown) =>
      chooseSeries(groupSeries(all.flat()).series, {
        rules: compileRules(parseSeriesRules(JSON.stringify(rules))),
      })
    expect(under({}).chosen?.seriesInstanceUid).toBe('1.1')
    const preferring = under({
      prefer: [
        { field: 'seriesDescription', matches: '\\bDL\\b', words: 'our own reconstruction' },
        'thinner',
      ],
    })
    expect(preferring.chosen?.seriesInstanceUid).toBe('1.2')
    expect(reasonOf('1.1', preferring)).toBe('another series is preferred: our own reconstruction')
    const rejecting = under({
      reject: [{ field: 'seriesDescription', matches: 'bone$', reason: 'not sent here' }],
      boneKernels: [],
      boneWords: [],
    })
    expect(reasonOf('1.1', rejecting)).toBe('not sent here')
    expect(rejecting.chosen?.seriesInstanceUid).toBe('1.3')
    const ofOtherClass = under({
      reject: [{ field: 'sopClassUid', matches: '^1\\.2\\.3\\.4$', reason: 'not the class we send' }],
    })
    expect(reasonOf('1.1', ofOtherClass)).toBe('not the class we send')
    expect(under({ planes: ['sagittal'] }).chosen).toBeNull()
  })

  it('takes thick slices that overlap for thick', () => {
    const choice = choose(series('1.1', { step: 1, thickness: 5 }), series('1.2', { step: 2, count: 50 }))
    expect(choice.chosen?.seriesInstanceUid).toBe('1.2')
  })

  it('reads a study of a hospital', () => {
    const choice = choose(
      series('1.1', {
        count: 2,
        description: 'Scout',
        imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER',
        orientation: [0, 1, 0, 0, 0, -1],
      }),
      series('1.2', { count: 250, step: 0.6, kernel: 'STANDARD', description: 'C-SPINE SOFT 0.6' }),
      series('1.3', { count: 250, step: 0.6, kernel: 'BONE', description: 'C-SPINE BONE 0.6' }),
      series('1.4', { count: 30, step: 5, kernel: 'STANDARD', description: 'C-SPINE 5MM' }),
      series('1.5', {
        count: 80,
        imageType: 'DERIVED\\PRIMARY\\MPR',
        orientation: [0, 1, 0, 0, 0, -1],
        description: 'SAG',
      }),
      series('1.6', { count: 1, sopClass: SECONDARY_CAPTURE, description: 'Dose Report' }),
    )
    expect(choice.summaries.filter(({ chosen }) => chosen).map((s) => s.description)).toEqual([
      'C-SPINE BONE 0.6',
    ])
    expect(choice.summaries.every(({ reason }) => reason.length > 5)).toBe(true)
  })
})
