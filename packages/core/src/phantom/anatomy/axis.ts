import type { Random } from '../random.ts'
import type { Vertebra } from './landmarks.ts'
import { add, box, carve, common, ellipsoid, rod, type Stroke, stretched } from './shapes.ts'
import { body, facetBlock } from './subaxial.ts'

/** C2: the dens on a body, broad shoulders that carry C1, a heavy forked spinous process. */
export function buildAxis(random: Random): Vertebra {
  const v = (size: number, share = 0.05) => size * (1 + share * random.normal())
  const width = v(19)
  const depth = v(16)
  const height = 19
  const tip = v(28, 0.03)
  const facet = 0.75
  const strokes: Stroke[] = [
    add(body({ width, depth, height, hollowTop: 0, hollowBottom: 1.8, lip: 2.6, uncus: 0 }), 2),
    add(ellipsoid([0, 0.5, 6], [9.5, 7.2, 8]), 4),
    add(rod([0, 0.3, 6], [0, 0.8, 18], 5.8, v(4.9)), 4),
    add(rod([0, 0.8, 17], [0, 1.4, tip - 5], v(5.1), 4.6), 3),
    // waist behind, where the transverse ligament runs
    carve(rod([-7, 8.4, 16.5], [7, 8.4, 16.5], 2.6), 2),
  ]
  const lamina = v(30.5, 0.03)
  for (const s of [1, -1]) {
    const uneven = 1 + 0.03 * random.normal()
    const shoulder = ellipsoid([s * 14 * uneven, 0.5, 2.5], [9.2, 8.6, 8])
    strokes.push(
      add(
        common(shoulder, (x, _y, z) => z - 8.6 + (Math.abs(x) - 14) * 0.36),
        2.5,
      ),
    )
    strokes.push(add(rod([s * 14, 3, 2], [s * 19, 12, -4.5], 4.4, 4.6), 3))
    strokes.push(add(facetBlock([s * 19.5, 12, -6], [5.4, 5.2], facet, 5.6), 2))
    strokes.push(
      add(stretched(rod([s * 18, 13, -4], [s * 3, lamina - 5, -3.5], 3, 3.1), [0, 0, -4], [1, 1, 1.75]), 2.5),
    )
    strokes.push(
      add(
        stretched(rod([s * 2, lamina - 3, -4], [s * 5, lamina + 10, -8], 4, 3.3), [0, 0, -5], [1, 1, 1.2]),
        3,
      ),
    )
    strokes.push(add(rod([s * 16, 1, -2], [s * 26 * uneven, 4, -4.5], 3.2, 2.4), 2))
    strokes.push(carve(rod([s * 18.4, -0.5, -16], [s * 21.5, -0.5, 5], v(2.7, 0.1)), 0.8))
  }
  strokes.push(carve(box([0, 16, -2], [10, 6.6, 30], 6), 1.5))
  return {
    strokes,
    marks: {
      width,
      depth,
      height,
      pillar: [19, 12, -5],
      facet,
      junction: [0, lamina - 4, -4],
      spinousTip: [0, lamina + 11, -8],
      transverseTip: [26, 4, -4.5],
    },
  }
}
