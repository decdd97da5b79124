import { boundsLps, invert, transform, type Vec3 } from '../../volume/geometry.ts'
import type { LabelVolume } from '../../volume/volume.ts'
import type { Cloud } from './frame.ts'

/** Points of each label on a grid of 1 mm along the patient's axes, whatever the map's own spacing. */
export function cloudsOf(labels: LabelVolume): Map<number, Cloud> {
  const { min, max } = boundsLps(labels, 0.5)
  const lpsToIjk = invert(labels.ijkToLps)
  const [slices, rows, columns] = labels.shape
  const points = new Map<number, number[]>()
  const step = transform(lpsToIjk, [1, 0, 0]).map((v, k) => v - transform(lpsToIjk, [0, 0, 0])[k])
  for (let z = Math.ceil(min[2]); z <= max[2]; z++)
    for (let y = Math.ceil(min[1]); y <= max[1]; y++) {
      const start: Vec3 = transform(lpsToIjk, [Math.ceil(min[0]), y, z])
      for (let n = 0, x = Math.ceil(min[0]); x <= max[0]; n++, x++) {
        const i = Math.round(start[0] + n * step[0])
        const j = Math.round(start[1] + n * step[1])
        const k = Math.round(start[2] + n * step[2])
        if (i < 0 || j < 0 || k < 0 || i >= columns || j >= rows || k >= slices) continue
        const label = labels.data[(k * rows + j) * columns + i]
        if (!label) continue
        const list = points.get(label)
        if (list) list.push(x, y, z)
        else points.set(label, [x, y, z])
      }
    }
  return new Map([...points].map(([label, list]) => [label, Float32Array.from(list)]))
}
