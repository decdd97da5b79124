import { createServer, type IncomingMessage } from 'node:http'
import { listenOnLoopback } from './loopback.ts'

/** Plays every other host of the world, as the proxy of a browser, and notes what is asked of it. */
export type ForeignHosts = {
  readonly proxy: { readonly server: string; readonly bypass: string }
  /** Addresses; of encrypted ones, only host and port. */
  readonly asked: readonly string[]
  stop(): Promise<void>
}

export async function playForeignHosts(): Promise<ForeignHosts> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('taken')
  })
  server.on('connect', (request: IncomingMessage, socket) => {
    asked.push(request.url ?? '')
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  const { port, stop } = await listenOnLoopback(server)
  return { proxy: { server: `http://127.0.0.1:${port}`, bypass: '127.0.0.1' }, asked, stop }
}
