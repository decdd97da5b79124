import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Plays every other host of the world, as the proxy of a browser, and notes what is asked of it. */
export type ForeignHosts = {
  readonly proxy: { readonly server: string; readonly bypass: string }
  /** Addresses; of encrypted ones, only host and port. */
  readonly asked: readonly string[]
  stop(): Promise<void>
}

export function playForeignHosts(): Promise<ForeignHosts> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('taken')
  })
  server.on('connect', (request: IncomingMessage, socket) => {
    asked.push(request.url ?? '')
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  return new Promise((done, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const stop = () =>
        new Promise<void>((stopped) => {
          server.close(() => stopped())
          server.closeAllConnections()
        })
      done({ proxy: { server: `http://127.0.0.1:${port}`, bypass: '127.0.0.1' }, asked, stop })
    })
  })
}
