import type { Random } from '../random.ts'
import type { Vertebra } from './landmarks.ts'
import { add, ellipsoid, rod, type Stroke, stretched } from './shapes.ts'
import { body, facetBlock } from './subaxial.ts'

/** Sizes below T7 are those of T7, a little wider level by level. */
const at = (sizes: readonly number[], index: number): number => sizes[Math.min(index, sizes.length - 1)]

/** T1 to T12 (index 0 to 11). */
export function buildThoracic(index: number, random: Random): Vertebra {
  const v = (mm: number, share = 0.045) => mm * (1 + share * random.normal())
  const width = v(at([29, 28, 27, 26.5, 26.5, 27, 28, 29, 31, 33, 36, 39], index))
  const depth = v(at([17.5, 19, 20.5, 22, 23.5, 24.5, 26], index))
  const height = v(at([16.6, 18, 18.6, 19, 19.6, 20, 20.4], index), 0.03)
  const back = depth / 2
  const facet = 1.08 + random.normal() * 0.03
  const px = at([17, 14.5, 13.5, 13, 13, 13, 13], index)
  const junctionY = back + v(16, 0.04)
  const tipY = v(at([53, 51, 50, 49, 49, 50, 50], index), 0.05)
  const tipZ = at([-15, -20, -26, -30, -34, -36, -36, -36, -32, -26, -18, -12], index) + random.normal() * 2
  const strokes: Stroke[] = [
    add(
      body({
        width,
        depth,
        height,
        hollowTop: 1,
        hollowBottom: 1.2,
        lip: 0.8,
        uncus: index === 0 ? 1.5 : 0,
        taper: 0,
      }),
      0.1,
    ),
  ]
  for (const s of [1, -1]) {
    const x = s * px * (1 + 0.02 * random.normal())
    strokes.push(
      add(
        stretched(
          rod([s * (width / 2 - 4), back - 3, 4], [x, back + 7, 3.5], 2.9, 3.2),
          [0, 0, 4],
          [1, 1, 1.6],
        ),
        2.5,
      ),
    )
    strokes.push(add(facetBlock([x, back + 8.5, 2], [5.4, 5], { lean: facet }, 5.1), 2))
    strokes.push(
      add(stretched(rod([x, back + 11, -1], [s * 1.5, junctionY, -3], 2.3, 2.5), [0, 0, -2], [1, 1, 2.9]), 2),
    )
    const wing = s * v(at([37, 34, 32, 31, 30, 30, 30], index), 0.04)
    strokes.push(add(rod([x, back + 9, 3], [wing, back + 16 + index * 0.6, 4], 4.2, 4.6), 2.5))
  }
  strokes.push(
    add(
      stretched(rod([0, junctionY, -4], [0, tipY - 3, tipZ + 2], 2.8, 2.2), [0, junctionY, -4], [1, 1, 1.5]),
      2.5,
    ),
    add(ellipsoid([0, tipY - 2, tipZ], [3, 3.4, 4.4]), 2.5),
  )
  return {
    strokes,
    marks: {
      width,
      depth,
      height,
      pillar: [px, back + 8.5, 2],
      facet,
      junction: [0, junctionY, -4],
      spinousTip: [0, tipY, tipZ],
      transverseTip: [32, back + 16, 4],
    },
  }
}
