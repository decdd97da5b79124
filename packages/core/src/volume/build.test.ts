import { describe, expect, it } from 'vitest'
import { type SliceOptions, writeSlice } from '../../test/dicom-bytes.ts'
import { type Instance, parseInstance } from '../dicom/instance.ts'
import { createPixelReader } from '../dicom/pixels.ts'
import { type BuildOptions, buildVolume } from './build.ts'
import { cross, invert, norm, spacingMm, transform, type Vec3 } from './geometry.ts'

/** What the volume must show at a point of the patient: linear, so that interpolation is exact. */
const field = ([x, y, z]: Vec3): number => 3 * x - 2 * y + 5 * z

type Stack = {
  readonly row: Vec3
  readonly column: Vec3
  readonly origin: Vec3
  /** From one slice to the next. */
  readonly step: Vec3
  readonly count: number
  readonly spacing: readonly [number, number]
}

const AXIAL: Stack = {
  row: [1, 0, 0],
  column: [0, 1, 0],
  origin: [-10, -8, 30],
  step: [0, 0, 2],
  count: 12,
  spacing: [1.5, 1],
}

const at = (stack: Stack, k: number, y: number, x: number): Vec3 => {
  const value = (i: number) =>
    stack.origin[i] +
    k * stack.step[i] +
    y * stack.spacing[0] * stack.column[i] +
    x * stack.spacing[1] * stack.row[i]
  return [value(0), value(1), value(2)]
}

/** Slice k of a stack, showing the field. Stored values are tenths of it. */
const slice = (stack: Stack, k: number, options: SliceOptions = {}): Uint8Array =>
  writeSlice({
    position: at(stack, k, 0, 0),
    orientation: [...stack.row, ...stack.column],
    pixelSpacing: stack.spacing,
    rows: 5,
    columns: 6,
    slope: 0.1,
    sop: `1.2.${k}`,
    value: (y, x) => Math.round(10 * field(at(stack, k, y, x))),
    ...options,
  })

const sliceNumbers = (stack: Stack) => Array.from({ length: stack.count }, (_, k) => k)

async function build(files: readonly Uint8Array[], options: BuildOptions = {}) {
  const bytes = new Map<string, Uint8Array>()
  const instances: Instance[] = files.map((file, i) => {
    const path = `${i}.dcm`
    const parsed = parseInstance(path, file)
    if (parsed.kind !== 'instance') throw new Error(JSON.stringify(parsed))
    bytes.set(path, file)
    return parsed.instance
  })
  const readPixels = createPixelReader({})
  return buildVolume(
    instances,
    (instance, into) => {
      const file = bytes.get(instance.path)!
      // As from a disk: into the memory offered, and not at once.
      const read = async (range?: { start: number; end: number }, memory?: Uint8Array) => {
        await Promise.resolve()
        const part = file.subarray(range?.start, range?.end)
        if (!memory || memory.length < part.length) return part.slice()
        memory.set(part)
        return memory.subarray(0, part.length)
      }
      return readPixels(instance, { path: instance.path, size: file.length, read }, into)
    },
    options,
  )
}

/** Every voxel shows the field at the place that the matrix gives it, but for rounding to tenths and to whole HU. */
function expectField(volume: Awaited<ReturnType<typeof build>>['volume'], tolerance = 0.56): void {
  const [nz, ny, nx] = volume.shape
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) {
        const error = volume.data[(z * ny + y) * nx + x] - field(transform(volume.ijkToLps, [x, y, z]))
        if (Math.abs(error) > tolerance) throw new Error(`voxel ${x} ${y} ${z} is off by ${error} HU`)
      }
}

const s = Math.SQRT1_2
const OBLIQUE: Stack = {
  ...AXIAL,
  row: [s, s, 0],
  column: [-s / 2, s / 2, Math.sqrt(3) / 2],
  step: [0, 0, 0],
}
const obliqueNormal = cross(OBLIQUE.row, OBLIQUE.column)

const STACKS: Readonly<Record<string, Stack>> = {
  axial: AXIAL,
  reversed: { ...AXIAL, step: [0, 0, -2] },
  'negated row axis': { ...AXIAL, row: [-1, 0, 0] },
  'negated column axis': { ...AXIAL, column: [0, -1, 0] },
  'both axes negated': { ...AXIAL, row: [-1, 0, 0], column: [0, -1, 0] },
  sagittal: { ...AXIAL, row: [0, 1, 0], column: [0, 0, -1], step: [1.25, 0, 0] },
  coronal: { ...AXIAL, row: [1, 0, 0], column: [0, 0, -1], step: [0, 0.8, 0] },
  oblique: { ...OBLIQUE, step: [1.5 * obliqueNormal[0], 1.5 * obliqueNormal[1], 1.5 * obliqueNormal[2]] },
}

describe('buildVolume', () => {
  it.each(Object.entries(STACKS))('puts every voxel where it lies: %s', async (_, stack) => {
    const order = sliceNumbers(stack).sort((a, b) => ((a * 7) % 12) - ((b * 7) % 12))
    const { volume, slices, findings, skipped } = await build(order.map((k) => slice(stack, k)))
    expect(volume.shape).toEqual([12, 5, 6])
    expect(findings).toEqual([])
    expect(skipped).toEqual([])
    expectField(volume)
    expect(spacingMm(volume.ijkToLps)[2]).toBeCloseTo(norm(stack.step), 6)
    const ijkOfFirst = transform(invert(volume.ijkToLps), at(stack, 0, 0, 0))
    expect(slices[Math.round(ijkOfFirst[2])].sopInstanceUid).toBe('1.2.0')
  })

  it('leaves nothing of what the memory for its voxels held', async () => {
    const files = sliceNumbers(AXIAL).map((k) => slice(AXIAL, k))
    const memory = new Int16Array(12 * 5 * 6).fill(777)
    const { volume } = await build(files, { createStack: (voxels) => memory.subarray(0, voxels) })
    expect(volume.data.buffer).toBe(memory.buffer)
    expectField(volume)
  })

  it('runs along the normal, so that the axes are right-handed', async () => {
    for (const stack of Object.values(STACKS)) {
      const { volume } = await build(sliceNumbers(stack).map((k) => slice(stack, k)))
      const m = volume.ijkToLps
      const z = cross([m[0], m[4], m[8]], [m[1], m[5], m[9]])
      expect(z[0] * m[2] + z[1] * m[6] + z[2] * m[10]).toBeGreaterThan(0)
    }
  })

  it('keeps the shear of a tilted gantry and says so', async () => {
    const tilt = (20 * Math.PI) / 180
    const stack: Stack = { ...AXIAL, column: [0, Math.cos(tilt), -Math.sin(tilt)] }
    const { volume, findings } = await build(sliceNumbers(stack).map((k) => slice(stack, k)))
    expectField(volume)
    expect(findings.map(({ code }) => code)).toEqual(['gantry-tilt'])
    expect(findings[0].message).toContain('20.0 degrees')
    expect([2, 6, 10].map((i) => volume.ijkToLps[i])).toEqual([0, 0, 2])
  })

  it('never takes SliceThickness for the distance', async () => {
    const { volume } = await build(sliceNumbers(AXIAL).map((k) => slice(AXIAL, k, { thickness: 5 })))
    expect(volume.ijkToLps[10]).toBe(2)
  })

  it('leaves out images at the position of another one', async () => {
    const files = sliceNumbers(AXIAL).map((k) => slice(AXIAL, k))
    const { volume, findings, skipped } = await build([
      ...files,
      slice(AXIAL, 3, { sop: '9.9', value: () => 0 }),
    ])
    expect(volume.shape[0]).toBe(12)
    expectField(volume)
    expect(skipped).toEqual([{ path: '12.dcm', reason: 'duplicate: another image has the same position' }])
    expect(findings.map(({ code }) => code)).toEqual(['duplicate-slices'])
  })

  it.each([[[4]], [[2, 8]], [[3, 6, 9]]])('interpolates missing slices %o', async (missing) => {
    const kept = sliceNumbers(AXIAL).filter((k) => !missing.includes(k))
    const { volume, slices, findings } = await build(kept.map((k) => slice(AXIAL, k)))
    expect(volume.shape[0]).toBe(12)
    expect(slices.length).toBe(12)
    expect(volume.ijkToLps[10]).toBeCloseTo(2)
    expectField(volume)
    expect(findings.map(({ code }) => code)).toEqual(['uneven-slices'])
    expect(findings[0].message).toContain(`${missing.length} of 12 layers were interpolated`)
  })

  it('interpolates a slice that lies between the others', async () => {
    const { volume, findings } = await build(sliceNumbers(AXIAL).map((k) => slice(AXIAL, k === 5 ? 5.4 : k)))
    expectField(volume)
    expect(findings[0].code).toBe('uneven-slices')
  })

  it('takes rounded positions for even', async () => {
    const stack = { ...AXIAL, step: [0, 0, 0.625] as const }
    const rounded = (k: number) => [-10, -8, Math.round(10 * (30 + 0.625 * k)) / 10]
    const { volume, findings } = await build(
      sliceNumbers(stack).map((k) => slice(stack, k, { position: rounded(k) })),
    )
    expect(findings).toEqual([])
    expect(volume.ijkToLps[10]).toBeCloseTo(0.625, 1)
  })

  it.each([
    ['two neighbours missing', [4, 5]],
    ['every third missing', [1, 4, 7, 10]],
  ])('refuses %s', async (_, missing) => {
    const stack = { ...AXIAL, count: 13 }
    const kept = sliceNumbers(stack).filter((k) => !missing.includes(k))
    await expect(build(kept.map((k) => slice(stack, k)))).rejects.toThrow(
      /slices are 2.00 mm apart, but .* missing/,
    )
  })

  it('refuses slices that are shifted against each other', async () => {
    const shifted = (k: number): SliceOptions => (k === 6 ? { position: [0, -8, 42] } : {})
    await expect(build(sliceNumbers(AXIAL).map((k) => slice(AXIAL, k, shifted(k))))).rejects.toThrow(
      'beside the line',
    )
  })

  it('keeps the size that most slices have', async () => {
    const files = sliceNumbers(AXIAL).map((k) => slice(AXIAL, k, k === 0 ? { rows: 7, value: () => 0 } : {}))
    const { volume, skipped } = await build(files)
    expect(volume.shape).toEqual([11, 5, 6])
    expect(skipped).toEqual([{ path: '0.dcm', reason: '6 x 7 pixels, the series has 6 x 5' }])
  })

  it('goes on without an image that cannot be decoded', async () => {
    const files = sliceNumbers(AXIAL).map((k) => slice(AXIAL, k))
    const broken = parseInstance('broken', slice(AXIAL, 12))
    const instances = files.map((file, i) => parseInstance(`${i}`, file)).concat(broken)
    const readable = instances.flatMap((p) => (p.kind === 'instance' ? [p.instance] : []))
    const { volume, skipped } = await buildVolume(readable, async ({ path }) => {
      if (path === 'broken') throw new Error('bad Huffman code')
      return new Uint16Array(30)
    })
    expect(volume.shape[0]).toBe(12)
    expect(skipped).toEqual([{ path: 'broken', reason: 'bad Huffman code' }])
  })

  it('stops when told to', async () => {
    const signal = {
      aborted: true,
      throwIfAborted: () => {
        throw new Error('stopped')
      },
    }
    const parsed = sliceNumbers(AXIAL).map((k) => parseInstance(`${k}`, slice(AXIAL, k)))
    const instances = parsed.flatMap((p) => (p.kind === 'instance' ? [p.instance] : []))
    await expect(buildVolume(instances, async () => new Uint16Array(30), { signal })).rejects.toThrow(
      'stopped',
    )
  })
})
