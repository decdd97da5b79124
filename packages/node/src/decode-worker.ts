import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import charLs from '@cornerstonejs/codec-charls/decodewasmjs'
import { answer, createCodecs, type DecodeRequest } from '@neckfrac/core/codecs'

/** Decodes one frame after the other: codecs.ts. */
const bytesOf = (name: string) => readFile(createRequire(import.meta.url).resolve(name))
const codecs = createCodecs({
  loadNative: async () => {
    const module = await WebAssembly.compile(await bytesOf('dcmjs-codecs/build/dcmjs-native-codecs.wasm'))
    return (imports) => new WebAssembly.Instance(module, imports).exports
  },
  openCharLs: async () => charLs({ wasmBinary: await bytesOf('@cornerstonejs/codec-charls/decodewasm') }),
})

parentPort!.on('message', async (request: DecodeRequest) => {
  const reply = await answer(codecs, request)
  parentPort!.postMessage(reply, reply.ok ? [reply.values.buffer as ArrayBuffer] : [])
})
