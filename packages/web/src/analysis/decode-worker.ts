import { answer, createCodecs, type DecodeReply, type DecodeRequest } from '@neckfrac/core/codecs'
import wasm from 'dcmjs-codecs/build/dcmjs-native-codecs.wasm?url'

/** Decodes one frame after the other: codecs.ts. */
const codecs = fetch(wasm)
  .then((response) => response.arrayBuffer())
  .then((bytes) => WebAssembly.compile(bytes))
  .then((module) => createCodecs((imports) => new WebAssembly.Instance(module, imports).exports))

/** The worker that asks; the DOM's types know only windows. */
const asker = self as never as {
  postMessage(reply: DecodeReply, transfer: readonly Transferable[]): void
  onmessage: (event: { data: DecodeRequest }) => void
}

asker.onmessage = async ({ data }) => {
  const reply = await answer(await codecs, data)
  asker.postMessage(reply, reply.ok ? [reply.values.buffer as ArrayBuffer] : [])
}
