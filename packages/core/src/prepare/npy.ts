import { NeckFracError } from '../errors.ts'

/** An array as NumPy stores it; the last axis varies fastest. */
export type NpyArray = { readonly data: Int16Array | Uint8Array; readonly shape: readonly number[] }

const MAGIC = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0]
/** Length fields and padding of format 1.0 bring the data to a multiple of this, so that it can be memory-mapped. */
const ALIGNMENT = 64

/** Bytes of a `.npy` file, format 1.0, little endian (NumPy's NEP 1). */
export function encodeNpy({ data, shape }: NpyArray): Uint8Array {
  const type = data instanceof Int16Array ? '<i2' : '|u1'
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${axes}), }`
  const before = MAGIC.length + 2
  const start = Math.ceil((before + header.length + 1) / ALIGNMENT) * ALIGNMENT
  const out = new Uint8Array(start + data.byteLength)
  out.set(MAGIC)
  new DataView(out.buffer).setUint16(MAGIC.length, start - before, true)
  out.set(new TextEncoder().encode(`${header.padEnd(start - before - 1)}\n`), before)
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start)
  return out
}

/** The array of a `.npy` file of uint8 or little-endian int16, C order; nothing is copied for uint8. @throws NeckFracError `data`. */
export function decodeNpy(bytes: Uint8Array, file: string): NpyArray {
  const fail = (why: string) => new NeckFracError('data', `${file} cannot be read: ${why}.`)
  if (MAGIC.slice(0, 6).some((value, n) => bytes[n] !== value)) throw fail('no .npy file')
  if (bytes[6] !== 1) throw fail(`.npy version ${bytes[6]}, not 1`)
  const start = MAGIC.length + 2 + bytes[8] + 256 * bytes[9]
  const header = new TextDecoder('latin1').decode(bytes.subarray(MAGIC.length + 2, start))
  const found = /'descr': '(<i2|\|u1)', 'fortran_order': False, 'shape': \(([\d, ]*)\)/.exec(header)
  if (!found) throw fail(`its header is ${header.trim().slice(0, 80)}`)
  const shape = found[2].split(',').flatMap((n) => (n.trim() === '' ? [] : [Number(n)]))
  const count = shape.reduce((product, n) => product * n, 1)
  const body = bytes.subarray(start)
  const wide = found[1] === '<i2'
  if (body.length !== count * (wide ? 2 : 1)) throw fail(`${body.length} bytes for the shape ${shape}`)
  return { data: wide ? new Int16Array(body.slice().buffer) : body, shape }
}
