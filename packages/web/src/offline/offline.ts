import { useSyncExternalStore } from 'react'
import type { Kept } from './kept.ts'

/** Whether the page works without a network. `never`: this browser or this address allows no service worker. */
export type Offline =
  | { readonly kind: 'fetching'; readonly share: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'never' }

let current: Offline = { kind: 'fetching', share: 0 }
const listeners = new Set<() => void>()

export const useOffline = (): Offline =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )

function become(next: Offline): void {
  current = next
  for (const listener of listeners) listener()
}

/** Set before a reload: one that changed nothing is not tried again. */
const RELOADED = 'neckfrac-reloaded'
/** A page that was reloaded past its service worker (Shift) never gets it. */
const CONTROL_WITHIN_MS = 3000

/**
 * Starts the service worker, which keeps the page's files on this computer and isolates the page, so that networks may
 * use threads. A page that is not isolated yet is loaded again, once, before anything is shown.
 */
export async function startOffline(): Promise<void> {
  try {
    const { serviceWorker } = navigator
    await serviceWorker.register(new URL('service-worker.js', document.baseURI))
    serviceWorker.addEventListener('message', ({ data: { kept, of } }: MessageEvent<Kept>) =>
      become(kept === of ? { kind: 'ready' } : { kind: 'fetching', share: kept / of }),
    )
    if (!serviceWorker.controller) await controlled(serviceWorker)
    if (!crossOriginIsolated && serviceWorker.controller && !sessionStorage.getItem(RELOADED)) {
      sessionStorage.setItem(RELOADED, '1')
      location.reload()
      await new Promise(() => {})
    }
    sessionStorage.removeItem(RELOADED)
    // Not awaited: a slow computer shows the page first.
    void serviceWorker.ready.then(({ active }) => active?.postMessage('keep'))
  } catch (error) {
    console.warn('Works with a network only:', error)
    become({ kind: 'never' })
  }
}

const controlled = (container: ServiceWorkerContainer) =>
  new Promise<void>((done) => {
    container.addEventListener('controllerchange', () => done(), { once: true })
    setTimeout(done, CONTROL_WITHIN_MS)
  })
