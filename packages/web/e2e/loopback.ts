import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Starts a server on any free port of this machine; stopping ends its connections, too. */
export function listenOnLoopback(server: Server): Promise<{ readonly port: number; stop(): Promise<void> }> {
  return new Promise((done, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const stop = () =>
        new Promise<void>((stopped) => {
          server.close(() => stopped())
          server.closeAllConnections()
        })
      done({ port, stop })
    })
  })
}
