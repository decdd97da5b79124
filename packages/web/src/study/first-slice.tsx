import type { Volume } from '@neckfrac/core'
import { useEffect, useRef } from 'react'
import { rangeOf } from './windows.ts'

/** The most suspicious slice as it was scanned, drawn without the image stack: what there is to see while that loads. */
export function FirstSlice({ slice }: { slice: Volume }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { data, shape, ijkToLps: m } = slice
  const [, rows, columns] = shape
  // Another picture than the axial plane's would show the wrong sides at its edges.
  const isAxial =
    m[0] > 0 && m[5] > 0 && Math.abs(m[0]) > 10 * Math.abs(m[4]) && Math.abs(m[5]) > 10 * Math.abs(m[1])
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const { lower, upper } = rangeOf('bone')
    const image = context.createImageData(columns, rows)
    for (let n = 0; n < data.length; n++) {
      image.data.fill((255 * (data[n] - lower)) / (upper - lower), 4 * n, 4 * n + 3)
      image.data[4 * n + 3] = 255
    }
    context.putImageData(image, 0, 0)
    performance.mark('first-image')
  }, [data, columns, rows])
  if (!isAxial) return null
  return (
    <canvas
      ref={canvas}
      className="first-slice"
      width={columns}
      height={rows}
      style={{ aspectRatio: `${columns * m[0]} / ${rows * m[5]}` }}
    />
  )
}
