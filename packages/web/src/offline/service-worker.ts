// A classic script, which every browser takes: nothing is imported but types.
type Kept = import('./kept.ts').Kept

/** What `static-build.ts` writes before this text. Addresses are relative to the page's folder. */
type Build = {
  /** Changes with any file. */
  readonly version: string
  /** Every file of the page; '' is the page itself. */
  readonly files: readonly string[]
  /** Those of them that only a browser with WebGPU needs. */
  readonly gpuFiles: readonly string[]
  /** Isolation from other pages gives the page threads; a static host cannot send these itself. */
  readonly headers: Readonly<Record<string, string>>
}
declare const BUILD: Build

const worker = self as never as ServiceWorkerGlobalScope
const CACHE_PREFIX = 'neckfrac-'
const CACHE = CACHE_PREFIX + BUILD.version
const FILES = new Set(BUILD.files.map(addressOf))

worker.addEventListener('install', (event) => {
  // A new version is fetched whole and waits until no page of the old one is open; the first one serves at once.
  event.waitUntil(worker.registration.active ? keepFiles() : worker.skipWaiting())
})
worker.addEventListener('activate', (event) => {
  event.waitUntil(dropOldFiles().then(() => worker.clients.claim()))
})
worker.addEventListener('message', (event) => {
  if (event.data === 'keep') event.waitUntil(keepFiles((kept) => event.source?.postMessage(kept)))
})
worker.addEventListener('fetch', (event) => {
  const { request } = event
  const address = pageFileOf(request.url)
  if (request.method === 'GET' && FILES.has(address)) event.respondWith(answer(address))
  // Whatever runs in the page, it sends nothing anywhere and asks for nothing but the page's own files.
  else if (request.mode !== 'navigate') event.respondWith(Response.error())
})

function addressOf(file: string): string {
  return new URL(file, worker.registration.scope).href
}

/** Address of a file without what follows it; index.html is the page itself. */
function pageFileOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/index\.html$/, '/')
}

async function answer(address: string): Promise<Response> {
  const cache = await caches.open(CACHE)
  const response = (await cache.match(address)) ?? (await fetchInto(cache, address))
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(BUILD.headers)) headers.set(name, value)
  return new Response(response.body, { status: response.status, headers })
}

async function fetchInto(cache: Cache, address: string): Promise<Response> {
  // Names hold a hash of their content; the page's own name does not.
  const response = await fetch(address, { cache: address === addressOf('') ? 'reload' : 'default' })
  // A full disk is no reason not to answer.
  if (response.ok) await cache.put(address, response.clone()).catch(() => {})
  return response
}

/** Fetches what is not here yet. @throws when a file cannot be had or kept */
async function keepFiles(tell: (kept: Kept) => void = () => {}): Promise<void> {
  const cache = await caches.open(CACHE)
  const skipped = new Set('gpu' in worker.navigator ? [] : BUILD.gpuFiles)
  const wanted = BUILD.files.filter((file) => !skipped.has(file)).map(addressOf)
  let kept = 0
  for (const address of wanted) {
    if (!(await cache.match(address))) await cache.add(address)
    tell({ kept: ++kept, of: wanted.length })
  }
}

async function dropOldFiles(): Promise<void> {
  const names = await caches.keys()
  const old = names.filter((name) => name.startsWith(CACHE_PREFIX) && name !== CACHE)
  await Promise.all(old.map((name) => caches.delete(name)))
}
