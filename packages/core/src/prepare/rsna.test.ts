import { expect, test } from 'vitest'
import { makeBeads } from '../../test/beads.ts'
import { segmentationImage } from '../segment/grid.ts'
import { multiply } from '../volume/geometry.ts'
import { preparePhantom } from './phantom.ts'
import { heatFromBoxes, orientMask } from './rsna.ts'
import { prepareStudy } from './study.ts'

const beads = makeBeads({ fractured: 'C5' })
const { volume, labels, truth } = beads
const boxes = truth.fractures[0].boxes

test('boxes heat the cells that the fracture itself heats', () => {
  const fromMask = preparePhantom(beads).prepared.crops
  const fromBoxes = prepareStudy(volume, labels, heatFromBoxes(volume, truth.fractured, boxes)).crops
  expect(fromBoxes?.placesKnown).toEqual(Array(7).fill(true))
  const hot = (data: ArrayLike<number> | undefined) =>
    new Set(Array.from(data ?? []).flatMap((v, n) => (v > 0 ? [n] : [])))
  const a = hot(fromMask?.heat.data)
  const b = hot(fromBoxes?.heat.data)
  const common = [...b].filter((n) => a.has(n)).length
  // A box is the hull of a fracture, so it may reach a little beyond it.
  expect(common / b.size).toBeGreaterThan(0.85)
})

test('a fractured vertebra without a box has unknown places', () => {
  const both = { ...truth.fractured, C2: true }
  const crops = prepareStudy(volume, labels, heatFromBoxes(volume, both, boxes)).crops
  expect(crops?.placesKnown).toEqual([true, false, true, true, true, true, true])
})

test('a box beside the mask belongs to the nearest fractured vertebra', () => {
  const beside = boxes.map((b) => ({ ...b, x: 80, width: 5 }))
  const both = { ...truth.fractured, C2: true }
  const crops = prepareStudy(volume, labels, heatFromBoxes(volume, both, beside)).crops
  expect(crops?.placesKnown[4]).toBe(true)
  expect(crops?.placesKnown[1]).toBe(false)
})

test('a mask stored feet first is found and turned over', () => {
  const [nz] = labels.shape
  const flip = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, nz - 1, 0, 0, 0, 1]
  const wrong = { ...labels, ijkToLps: multiply(labels.ijkToLps, flip) }
  const turned = orientMask(wrong, segmentationImage(volume))
  expect(turned.mirrored).toBe(true)
  const labelsOf = (mask: typeof labels) => prepareStudy(volume, mask, () => null).segment.label?.data ?? []
  expect(Buffer.from(labelsOf(turned.mask)).equals(Buffer.from(labelsOf(labels)))).toBe(true)
  expect(orientMask(labels, segmentationImage(volume)).mirrored).toBe(false)
})
