declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  import type { CharLs } from '@neckfrac/core/codecs'

  const open: (options: { wasmBinary: Uint8Array }) => Promise<CharLs>
  export default open
}
