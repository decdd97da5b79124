import { transform, type Vec3 } from '../../volume/geometry.ts'
import type { Random } from '../random.ts'
import { add, ellipsoid, rod, type Stroke, stretched, tube } from './shapes.ts'
import type { Spine } from './spine.ts'

/** Ribs, clavicles, breastbone and shoulder blades, in the patient's frame (origin C4, mm). */
export function buildCage(spine: Spine, armsUp: boolean, random: Random): Stroke[] {
  const strokes: Stroke[] = []
  const at = (i: number, p: Vec3): Vec3 => transform(spine.poses[i], p)
  const flat = random.range(0.92, 1.08)
  for (let k = 0; k < 12; k++) {
    const i = 7 + k
    const wide = [48, 66, 80, 92, 100, 106, 110][Math.min(k, 6)] * flat
    const deep = [-32, -44, -54, -62, -66, -70, -70][Math.min(k, 6)]
    const drop = [-22, -30, -40, -48, -56, -62, -66][Math.min(k, 6)]
    for (const s of [1, -1]) {
      const path: Vec3[] = [
        at(i, [s * 16, 7, 8]),
        at(i, [s * 28, 18, 6]),
        at(i, [s * 44, 25 + Math.min(k, 7), 2]),
        at(i, [s * wide * 0.82, 20 + Math.min(k, 7), -4]),
        at(i, [s * wide, 0, drop * 0.4]),
        at(i, [s * wide * 0.93, deep * 0.55, drop * 0.75]),
        at(i, [s * wide * 0.62, deep * 0.98, drop]),
        at(i, [s * 26, deep * 1.12, drop * 1.08]),
      ]
      for (const part of tube(path, [3.6, 3, 3.8, 3.8, 3.8, 3.8, 3.6, 3.6])) strokes.push(add(part, 0.3))
    }
  }
  const notch = at(8, [0, -62, 2])
  for (const s of [1, -1]) {
    const raise = random.range(2, 20)
    const path: Vec3[] = [
      [notch[0] + s * 12, notch[1] - 2, notch[2] + 2],
      [notch[0] + s * 45, notch[1] - 4, notch[2] + 8 + raise * 0.3],
      [notch[0] + s * 90, notch[1] + 22, notch[2] + 16 + raise * 0.7],
      [notch[0] + s * 140, notch[1] + 42, notch[2] + 22 + raise],
    ]
    for (const part of tube(path, [8, 5.4, 5, 6.4])) strokes.push(add(part, 2))
    const blade = at(8, [s * 80, 36, -36])
    for (const part of tube(
      [
        [blade[0] - s * 6, blade[1] + 10, blade[2] + 24],
        [blade[0] + s * 35, blade[1] + 4, blade[2] + 36],
        [blade[0] + s * 66, blade[1] - 22, blade[2] + 38 + raise * 0.5],
      ],
      [3, 4.5, 6],
    ))
      strokes.push(add(part, 2))
    strokes.push(
      add(
        stretched(
          rod(
            [blade[0], blade[1] + 2, blade[2] + 20],
            [blade[0] + s * 14, blade[1] + 4, blade[2] - 70],
            2,
            2,
          ),
          blade,
          [8, 1, 1],
        ),
        2,
      ),
    )
    // The humerus: a round head in the shoulder, the shaft hanging down or raised beside the head.
    const joint: Vec3 = armsUp
      ? [blade[0] + s * 58, blade[1] - 14, blade[2] + 34]
      : [blade[0] + s * 86, blade[1] - 14, blade[2] + 14]
    const shaft: Vec3 = armsUp
      ? [joint[0] + s * 38, joint[1] - 34, joint[2] + 200]
      : [joint[0] + s * 14, joint[1] + 2, joint[2] - 150]
    const neck = [0, 1, 2].map((k) => joint[k] + 0.22 * (shaft[k] - joint[k])) as unknown as Vec3
    strokes.push(
      add(ellipsoid(joint, [23, 22, 23]), 3),
      add(rod(joint, neck, 19, 12), 4),
      add(rod(neck, shaft, 12, 11), 3),
    )
  }
  strokes.push(
    add(stretched(rod(notch, [notch[0], notch[1] - 22, notch[2] - 42], 7, 6.4), notch, [2.4, 1, 1]), 3),
    add(
      stretched(
        rod([notch[0], notch[1] - 23, notch[2] - 46], [notch[0], notch[1] - 36, notch[2] - 120], 6, 6),
        notch,
        [1.6, 1, 1],
      ),
      2,
    ),
  )
  return strokes
}

/** Hyoid and the partly ossified cartilages of the larynx. */
export function buildLarynx(spine: Spine, random: Random): Stroke[] {
  const strokes: Stroke[] = []
  const level = random.range(3.6, 4.3)
  const front = random.range(-46, -40)
  const ossified = random.chance(0.75)
  for (const s of [1, -1]) {
    for (const part of tube(
      [
        spine.at(level, 0, front - 6),
        spine.at(level, s * 9, front - 3),
        spine.at(level - 0.25, s * 20, front + 20),
      ],
      [3.2, 2.8, 1.8],
    ))
      strokes.push(add(part, 1.5))
    if (ossified) {
      // A lamina of the thyroid cartilage: a sheet of rods, with its horns at the back.
      for (const t of [0, 0.33, 0.67, 1]) {
        const from = spine.at(level + 0.7 + 0.35 * t, s * 2, front - 4 + 3 * t)
        strokes.push(add(rod(from, spine.at(level + 0.8 + 0.55 * t, s * 17, front + 18), 1.5), 1.5))
      }
      strokes.push(
        add(
          rod(spine.at(level + 0.3, s * 18, front + 21), spine.at(level + 1.7, s * 15, front + 19), 1.6),
          1,
        ),
      )
    }
    for (const part of tube(
      [
        spine.at(level + 2.2, 0, front + 6),
        spine.at(level + 2.1, s * 11, front + 13),
        spine.at(level + 1.9, 0, front + 25),
      ],
      [2, 2.2, 2.6],
    ))
      strokes.push(add(part, 1))
  }
  return strokes
}
