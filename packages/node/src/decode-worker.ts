import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { answer, createCodecs, type DecodeRequest } from '@neckfrac/core/codecs'

/** Decodes one frame after the other: codecs.ts. */
const path = createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm')
const module = await WebAssembly.compile(await readFile(path))
const codecs = createCodecs((imports) => new WebAssembly.Instance(module, imports).exports)

parentPort!.on('message', async (request: DecodeRequest) => {
  const reply = await answer(codecs, request)
  parentPort!.postMessage(reply, reply.ok ? [reply.values.buffer as ArrayBuffer] : [])
})
