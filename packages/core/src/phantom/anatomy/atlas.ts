import type { Random } from '../random.ts'
import type { Vertebra } from './landmarks.ts'
import { add, box, carve, chain, common, ellipsoid, rod, type Stroke, stretched } from './shapes.ts'

/** C1: a ring without a body. Origin where the dens passes, z = 0 at the middle of the anterior arch. */
export function buildAtlas(random: Random): Vertebra {
  const v = (size: number, share = 0.06) => size * (1 + share * random.normal())
  const arch = v(31, 0.04)
  const reach = v(37.5, 0.05)
  const strokes: Stroke[] = []
  const front = -10.5
  const height = v(1.55, 0.08)
  for (const s of [1, -1]) {
    const uneven = 1 + 0.03 * random.normal()
    // Lateral mass: a wedge, thicker outside; both joint faces slope.
    const mass = box([s * 19 * uneven, 1, -1.5], [6.8, 9.5, 9], 4)
    strokes.push(
      add(
        common(mass, (x, y, z) =>
          Math.max(
            // upper face: cupped for the condyle
            z - 6.2 - (Math.abs(x) - 19) * 0.42 - ((y - 1) * (y - 1)) / 55,
            // lower face: slopes down and out over C2's shoulders
            -z - 7.6 - (Math.abs(x) - 19) * 0.34,
          ),
        ),
        2,
      ),
    )
    strokes.push(
      add(
        stretched(
          chain(
            [
              [0, front, 0],
              [s * 7, front + 0.8, 0],
              [s * 14, front + 5, -0.5],
            ],
            [3, 2.8, 3.4],
          ),
          [0, 0, 0],
          [1, 1, height],
        ),
        3,
      ),
    )
    strokes.push(
      add(
        stretched(
          chain(
            [
              [s * 20, 8, 0],
              [s * 20.5, 15, 1.5],
              [s * 16, 23, 0.5],
              [s * 8, 29, -1],
              [0, arch, -1.5],
            ],
            [4, 2.9, 2.9, 3.1, 3.2],
          ),
          [0, 0, 0],
          [1, 1, 1.35],
        ),
        2.5,
      ),
    )
    strokes.push(add(rod([s * 23, 4, -2], [s * reach * uneven, 5.5, -3.5], 4.2, 3.4), 2.5))
    strokes.push(add(rod([s * 24, -3, -2], [s * (reach - 3), 3, -3.5], 2.6, 2.4), 2))
    strokes.push(carve(rod([s * 28.6, 2.4, -14], [s * 28.6, 2.4, 12], v(2.9, 0.1)), 0.8))
  }
  strokes.push(add(ellipsoid([0, front - 2.6, -0.5], [3.6, 2.4, 3.8]), 2.5))
  strokes.push(add(ellipsoid([0, arch + 2, -2], [3.4, 3.2, 3.6]), 3))
  return {
    strokes,
    marks: {
      width: 40,
      depth: 8,
      height: 11,
      pillar: [19, 1, -1],
      facet: -0.35,
      junction: [0, arch, -1.5],
      spinousTip: [0, arch + 4, -2],
      transverseTip: [reach, 5.5, -3.5],
    },
  }
}
