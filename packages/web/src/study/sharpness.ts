/** Share of each side's pixels that is drawn while planes move: a quarter of all pixels, twice the frames. */
const MOVING = 0.5
/** Rest after which all pixels are drawn again. */
const REST_MS = 250

/**
 * Where no graphics card helps, planes are drawn with fewer pixels while they move and with all of them when they rest.
 * Cornerstone3D takes the size of its canvases from `devicePixelRatio` and has no setting of its own for this.
 * @param redraw Takes over the new size and draws.
 */
export function createSharpness(redraw: () => void): { moved(): void; dispose(): void } {
  const real = window.devicePixelRatio
  let share = 1
  let timer: ReturnType<typeof setTimeout> | undefined
  let busy = false
  Object.defineProperty(window, 'devicePixelRatio', { configurable: true, get: () => real * share })
  const draw = (wanted: number) => {
    if (share === wanted || busy) return
    share = wanted
    busy = true
    redraw()
    busy = false
  }
  return {
    moved: () => {
      if (busy) return
      draw(MOVING)
      clearTimeout(timer)
      timer = setTimeout(() => draw(1), REST_MS)
    },
    dispose: () => {
      clearTimeout(timer)
      share = 1
    },
  }
}
