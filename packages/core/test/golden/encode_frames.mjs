// Reads a job a line on stdin, {kind, options, width, height, bits, stored, signed, pixels}, and writes the encoded
// frame a line, both in base64. For make_frames.py: pydicom has no encoder of JPEG and HTJ2K.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const { NativeCodecs, Context } = createRequire(import.meta.url)('dcmjs-codecs')
await NativeCodecs.initializeAsync()
for (const line of (await text(process.stdin)).trim().split('\n')) {
  const { kind, options, width, height, bits, stored, signed, pixels } = JSON.parse(line)
  const context = new Context({
    width,
    height,
    bitsAllocated: bits,
    bitsStored: stored,
    samplesPerPixel: 1,
    pixelRepresentation: signed ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: 'MONOCHROME2',
    decodedBuffer: new Uint8Array(Buffer.from(pixels, 'base64')),
  })
  const encoded = NativeCodecs[`encode${kind}`](context, options).getEncodedBuffer()
  console.log(Buffer.from(encoded).toString('base64'))
}
