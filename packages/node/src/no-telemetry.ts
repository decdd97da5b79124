/**
 * Tells ONNX Runtime to send nothing. From 1.29 on its binaries for Linux and macOS report sessions and machine to
 * Microsoft and keep a device id in the home directory, unless this stands in the environment before the library is
 * loaded (microsoft/onnxruntime#27379). Call it where threads are started: native code sees the main thread's
 * environment alone, theirs are copies.
 */
export function sendNothing(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1'
}
