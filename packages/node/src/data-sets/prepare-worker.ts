import { createHash } from 'node:crypto'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  encodeNpy,
  type FamilyName,
  type Fractured,
  type Grid,
  heatFromBoxes,
  LEVELS,
  type NpyArray,
  orientMask,
  type PreparedEntry,
  type PreparedStudy,
  type PresetName,
  prepareCrops,
  preparePhantom,
  prepareStudy,
  readNiftiLabels,
  resampleLabels,
  SCHEMATIC,
  type Session,
  segment,
  segmentationImage,
  synthesize,
  synthesizeSchematic,
} from '@neckfrac/core'
import { fillFolder } from '../atomic-file.ts'
import { openSegmenter } from '../bundle.ts'
import { task } from '../pool.ts'
import { readRange } from '../sources/local-file.ts'
import { originOf, placeBoxes, type RsnaStudy } from './rsna-folder.ts'
import { readRsnaImages } from './rsna-images.ts'
import { openStencil, openTemplates } from './templates.ts'

/** Makes one phantom in memory and prepares it. */
export const preparePhantomStudy = task(
  async (input: {
    readonly out: string
    readonly uid: string
    readonly seed: number
    readonly preset: PresetName
    readonly family: FamilyName
    /** Files of label maps. */
    readonly templates: readonly string[]
    /** Labels the vertebrae that are cropped, as in use, instead of the truth. */
    readonly bundle?: string | undefined
  }): Promise<PreparedEntry> => {
    const { out, uid, seed, preset, family, bundle } = input
    const phantom = synthesize({ seed, preset, family, templates: openTemplates(input.templates) })
    const segmentation = bundle && (await segment(phantom.volume, await segmenterOf(bundle)))
    const { prepared, fractured } = preparePhantom(phantom, segmentation || undefined)
    const fractures = phantom.truth.fractures.map(({ level, type, severity, centreLps }) => ({
      level,
      type,
      severity,
      centreLps: [...centreLps],
    }))
    return {
      ...(await store(out, uid, prepared)),
      ...labelsOf(fractured),
      origin: 'phantom',
      sourceHash: hashOf(phantom.volume, prepared.segment.image.data),
      notes: [],
      truth: { seed, preset, family, template: phantom.truth.template, fractures, scan: phantom.truth.scan },
    }
  },
)

/** Makes one neck for the segmenter in memory and prepares it: an image and labels, no crops. */
export const prepareSchematicStudy = task(
  async (input: {
    readonly out: string
    readonly uid: string
    readonly seed: number
    /** File of the label map. */
    readonly template: string
  }): Promise<PreparedEntry> => {
    const { out, uid, seed } = input
    const stencil = openStencil(input.template)
    const { volume, labels } = synthesizeSchematic(stencil, seed)
    const image = segmentationImage(volume)
    const segment = { image, label: { data: resampleLabels(labels, image), shape: image.shape } }
    return {
      ...(await store(out, uid, { segment, crops: null })),
      ...labelsOf(Object.fromEntries(LEVELS.map((l) => [l, false])) as Fractured),
      origin: 'phantom',
      sourceHash: hashOf(volume, image.data),
      notes: [],
      truth: { seed, preset: SCHEMATIC, family: SCHEMATIC, template: stencil.name, fractures: [] },
    }
  },
)

/** Reads one study of an RSNA folder and prepares it. */
export const prepareRsnaStudy = task(
  async (input: {
    readonly out: string
    readonly study: RsnaStudy
    /** Labels the vertebrae of a study without a mask. */
    readonly bundle?: string | undefined
    /** Whether the bundle labels those of a study with a mask, too. */
    readonly predicted?: boolean | undefined
  }): Promise<PreparedEntry> => {
    const { out, study, bundle, predicted } = input
    const { volume, slices, findings, skipped } = await readRsnaImages(study, { createStack: imageMemory })
    const notes = findings.filter((f) => f.severity !== 'info').map((f) => f.message)
    if (skipped.length > 0)
      notes.push(`files left out: ${skipped.length}, ${skipped[0].path}: ${skipped[0].reason}`)
    const image = segmentationImage(volume)
    let mask = study.mask ? readNiftiLabels(await readMask(study.mask), study.mask) : null
    if (mask) {
      const oriented = orientMask(mask, image)
      mask = oriented.mask
      if (oriented.mirrored) notes.push('mask turned over: it was stored feet first against its images')
    } else if (bundle === undefined) notes.push('no mask and no --bundle: no crops')
    const { boxes, unknown } = placeBoxes(study.boxes, slices)
    if (unknown.length > 0) notes.push(`boxes on slices that do not exist: ${unknown.join(', ')}`)
    const heatOf = heatFromBoxes(volume, study.fractured, boxes)
    let prepared = prepareStudy(volume, mask, heatOf, image)
    if ((!mask || predicted) && bundle !== undefined) {
      const segmentation = await segment(volume, await segmenterOf(bundle), { image })
      prepared = { ...prepared, crops: prepareCrops(volume, segmentation, heatOf) }
    }
    return {
      ...(await store(out, study.uid, prepared)),
      ...labelsOf(study.fractured),
      origin: originOf(study),
      sourceHash: hashOf(volume, image.data),
      notes,
    }
  },
)

/**
 * Images and masks of one study after another lie in the same memory of their thread: the system clears new memory
 * before it hands it out, which takes longer than reading a file into it.
 */
const imageMemory = createMemory((voxels) => new Int16Array(voxels))
const maskMemory = createMemory((bytes) => new Uint8Array(bytes))

function createMemory<T extends Int16Array | Uint8Array>(create: (length: number) => T) {
  let memory = create(0)
  return (length: number): T => {
    if (memory.length < length) memory = create(length)
    return memory.subarray(0, length) as T
  }
}

async function readMask(file: string): Promise<Uint8Array> {
  const { size } = await stat(file)
  return readRange(file, { start: 0, end: size }, maskMemory(size))
}

const segmenters = new Map<string, Promise<Session>>()

/** A worker thread loads a segmenter once, on one thread: the pool keeps the other cores busy. */
function segmenterOf(bundle: string): Promise<Session> {
  const loaded = segmenters.get(bundle) ?? openSegmenter(bundle, 1)
  segmenters.set(bundle, loaded)
  return loaded
}

function labelsOf(fractured: Fractured): Pick<PreparedEntry, 'fractured' | 'patientOverall'> {
  const flags = LEVELS.map((l) => [l, fractured[l] ? 1 : 0] as const)
  return {
    fractured: Object.fromEntries(flags) as PreparedEntry['fractured'],
    patientOverall: flags.some(([, f]) => f === 1) ? 1 : 0,
  }
}

/** SHA-256 of a study on the segmentation grid and of the grid of its source: of every voxel it would take a tenth of the time. */
function hashOf({ shape, ijkToLps }: Grid, image: NpyArray['data']): string {
  return createHash('sha256')
    .update(JSON.stringify([shape, ijkToLps]))
    .update(new Uint8Array(image.buffer, image.byteOffset, image.byteLength))
    .digest('hex')
}

/** Writes the arrays of a study. The index gives it its fold. */
async function store(
  out: string,
  uid: string,
  { segment, crops }: PreparedStudy,
): Promise<Pick<PreparedEntry, 'uid' | 'fold' | 'segment' | 'crops'>> {
  await fillFolder(join(out, uid), async (folder) => {
    const write = (name: string, array: Parameters<typeof encodeNpy>[0]) =>
      writeFile(join(folder, `${name}.npy`), encodeNpy(array))
    await write('segment-image', segment.image)
    if (segment.label) await write('segment-label', segment.label)
    if (!crops) return
    await write('crop-image', crops.image)
    await write('crop-mask', crops.mask)
    await write('crop-heat', crops.heat)
  })
  const path = (name: string) => `${uid}/${name}.npy`
  return {
    uid,
    fold: 0,
    segment: { image: path('segment-image'), label: segment.label ? path('segment-label') : null },
    crops: crops && {
      image: path('crop-image'),
      mask: path('crop-mask'),
      heat: path('crop-heat'),
      levels: [...crops.levels],
      placesKnown: [...crops.placesKnown],
    },
  }
}
