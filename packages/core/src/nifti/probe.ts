import { Gunzip } from 'fflate'
import type { SourceFile } from '../ports.ts'
import type { Grid } from '../volume/volume.ts'
import { orderGrid } from './axes.ts'
import { NIFTI_HEADER_BYTES, readNiftiHeader } from './header.ts'
import { AIR_BELOW_HU, readNifti, storedValues } from './read.ts'

/** Bytes of a file that are looked at first. */
const PROBE_BYTES = 256 * 1024

export const isNiftiPath = (path: string): boolean => /\.nii(\.gz)?$/i.test(path)

/**
 * Grid of a NIfTI file that holds a CT. The first rows of a CT show air nearly always; only where they do not is the
 * whole file read. @throws NeckFracError input when it is no CT
 */
export async function probeNiftiCt(file: SourceFile): Promise<Grid> {
  const start = await file.read({ start: 0, end: Math.min(file.size, PROBE_BYTES) })
  return gridBeforeAir(start) ?? readNifti(await file.read(), file.path)
}

/** The grid, when the first bytes hold the header and air; null when the whole file has to say. */
function gridBeforeAir(start: Uint8Array): Grid | null {
  try {
    const bytes = start[0] === 0x1f && start[1] === 0x8b ? unpackStart(start) : start
    const header = readNiftiHeader(bytes, '')
    const stored = storedValues(bytes, header, '', { partial: true })
    const hasAir = stored.some((value) => value * header.slope + header.intercept < AIR_BELOW_HU)
    return hasAir ? orderGrid(header) : null
  } catch {
    return null
  }
}

/** What the first bytes of a gzip file unpack to, up to a few times PROBE_BYTES. */
function unpackStart(start: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = []
  let size = 0
  const gunzip = new Gunzip((chunk) => {
    chunks.push(chunk)
    size += chunk.length
  })
  for (let at = 0; at < start.length && size < PROBE_BYTES + NIFTI_HEADER_BYTES; at += 4096)
    gunzip.push(start.subarray(at, at + 4096))
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
