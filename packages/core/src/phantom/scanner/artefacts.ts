import { LEVELS, type Level } from '../../levels.ts'

/** An artefact that crosses a vertebra and may be read as a fracture. */
export type Artefact = {
  readonly type: 'motion-step' | 'streak'
  readonly level: Level
  readonly boxes: { sliceIndex: number; x: number; y: number; width: number; height: number }[]
}

/** A vertebra counts as crossed with at least so many voxels of it on the slice. */
const MIN_VOXELS = 30

/** Collects, slice by slice, what crosses which vertebra. */
export function createArtefacts() {
  const found = new Map<string, Artefact>()
  return {
    found: (): readonly Artefact[] => [...found.values()],
    /** Notes every labelled cervical vertebra of a slice, within rows `from` to `to`. */
    note(
      type: Artefact['type'],
      sliceIndex: number,
      label: Uint8Array,
      size: number,
      crossed: (n: number) => boolean,
    ): void {
      const boxes = LEVELS.map(() => [0, size, size, -1, -1])
      for (let n = 0; n < label.length; n++) {
        const l = label[n]
        if (l === 0 || l > LEVELS.length || !crossed(n)) continue
        const b = boxes[l - 1]
        const x = n % size
        const y = (n / size) | 0
        b[0]++
        if (x < b[1]) b[1] = x
        if (y < b[2]) b[2] = y
        if (x > b[3]) b[3] = x
        if (y > b[4]) b[4] = y
      }
      boxes.forEach(([count, x, y, right, bottom], i) => {
        if (count < MIN_VOXELS) return
        const level = LEVELS[i]
        const key = `${type}/${level}`
        const artefact: Artefact = found.get(key) ?? { type, level, boxes: [] }
        artefact.boxes.push({ sliceIndex, x, y, width: right + 1 - x, height: bottom + 1 - y })
        found.set(key, artefact)
      })
    },
  }
}
