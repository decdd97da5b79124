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
