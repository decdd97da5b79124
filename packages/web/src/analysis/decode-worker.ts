import charLsWasm from '@cornerstonejs/codec-charls/decodewasm?url'
import charLs from '@cornerstonejs/codec-charls/decodewasmjs'
import { answer, createCodecs, type DecodeReply, type DecodeRequest } from '@neckfrac/core/codecs'
import nativeWasm from 'dcmjs-codecs/build/dcmjs-native-codecs.wasm?url'

/** Decodes one frame after the other: codecs.ts. */
const bytesOf = async (url: string) => (await fetch(url)).arrayBuffer()
const codecs = createCodecs({
  loadNative: async () => {
    const module = await WebAssembly.compile(await bytesOf(nativeWasm))
    return (imports) => new WebAssembly.Instance(module, imports).exports
  },
  openCharLs: async () => charLs({ wasmBinary: await bytesOf(charLsWasm) }),
})

/** The worker that asks; the DOM's types know only windows. */
const asker = self as never as {
  postMessage(reply: DecodeReply, transfer: readonly Transferable[]): void
  onmessage: (event: { data: DecodeRequest }) => void
}

asker.onmessage = async ({ data }) => {
  const reply = await answer(codecs, data)
  asker.postMessage(reply, reply.ok ? [reply.values.buffer as ArrayBuffer] : [])
}
