import type { Random } from '../random.ts'
import type { Vertebra } from './landmarks.ts'
import { add, blade, box, carve, common, ellipsoid, pitched, rod, type Stroke, stretched } from './shapes.ts'
import { type Build, body, facetBlock } from './subaxial.ts'

/** C2: the dens on a body, broad shoulders that carry C1, a heavy forked spinous process. */
export function buildAxis(build: Build, random: Random): Vertebra {
  const v = (size: number, share = 0.05) => size * (1 + share * random.normal())
  const width = v(19 * build.width)
  const depth = v(16 * build.depth)
  const height = 19
  const tip = v(28, 0.03)
  const dens = v(5.2, 0.07)
  const lean = random.range(-0.8, 2.5)
  const facet = build.facet - 0.03
  const strokes: Stroke[] = [
    add(
      body({
        width,
        depth,
        height,
        hollowTop: 0,
        hollowBottom: random.range(1, 2.6),
        lip: 0.7 + v(build.lipMm, 0.3),
        uncus: 0,
        taper: 0,
      }),
      2,
    ),
    add(ellipsoid([0, 0.5, 6], [9.5, 7.2, 8]), 4),
    // The shoulders that carry C1: one wide block, smooth in front, that falls off to both sides.
    add(
      common(ellipsoid([0, 0.2, 2], [v(25), v(8.8), 8.6]), (x, _y, z) => z - 8.6 + (Math.abs(x) - 14) * 0.38),
      3,
    ),
    // The dens leans back a little in most people.
    add(rod([0, 0.3, 6], [0, 0.8, 17], v(6), dens), 4),
    add(rod([0, 0.8, 16], [random.normal() * 0.4, 1 + lean, tip - dens], dens, v(0.93, 0.03) * dens), 3),
    // waist behind, where the transverse ligament runs
    carve(rod([-7, 9.2, 16.5], [7, 9.2, 16.5], 2.6), 2),
  ]
  const lamina = v(30.5, 0.03)
  for (const s of [1, -1]) {
    const uneven = 1 + 0.035 * random.normal()
    strokes.push(
      // The flank of the body below the shoulder slopes inwards.
      add(rod([s * 12, 0, -1], [s * 6.5, -0.5, -6.5], 6, 3.6), 6),
      // Pars: thin, from the shoulder back and down to the lower facet.
      add(blade([s * 14, 3, 1.5], [s * 18.5, 11, -4.5], v(3.9), v(4.3), 1.15), 3.5),
      add(
        facetBlock(
          [s * v(18.5 * build.spread, 0.03), 12.5, -6],
          [v(5.9 * build.pillar * Math.sqrt(build.broad)), v((5.9 * build.pillar) / Math.sqrt(build.broad))],
          { lean: facet + 0.05 * random.normal(), turn: s * build.turns[0] },
          v(5.9) - build.jointMm / 2,
          build.pillarWaistMm,
        ),
        3,
      ),
      add(
        pitched(
          blade([s * 17.5, 14, -4], [s * 3, lamina - 5, -3.5], 3, 3.3, v(1.9)),
          [0, 22, -4],
          random.range(0.1, 0.4),
        ),
        3,
      ),
      add(
        blade(
          [s * 2, lamina - 3, -4],
          [s * v(5, 0.2), lamina + 7 + random.normal(), -8],
          4,
          v(3.1, 0.1),
          v(1.45, 0.1),
        ),
        3,
      ),
      add(
        stretched(
          rod([s * 15, 1, -1], [s * v(25, 0.04) * uneven, 4, -4.5], 4, v(2.6, 0.1)),
          [0, 0, -3],
          [1, 1.1, 1.2],
        ),
        3,
      ),
    )
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
      spinousTip: [0, lamina + 8.5, -8],
      transverseTip: [25, 4, -4.5],
      neck: [0, 0.5, 12.5],
    },
  }
}
