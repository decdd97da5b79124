import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { percent, type Report } from '@neckfrac/core'
import type { AxeResults } from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deflated, zipOf } from '../../../bench/hostile/archives.ts'
import { ATTACKS } from '../../../bench/hostile/attacks.ts'
import { findChromium, launchChromium, NO_CHROMIUM } from './chromium.ts'
import { drop } from './drop.ts'
import { HOSTILE_NAME, writePatient } from './fixtures.ts'
import { type ForeignHosts, playForeignHosts } from './foreign-hosts.ts'
import { residentBytes } from './memory.ts'
import {
  buildStaticPage,
  expectAgreement,
  keepReports,
  predictByCommandLine,
  probabilitiesOf,
  reportsOf,
} from './static-page.ts'
import { type StaticServer, serveFolder } from './static-server.ts'

/** Where the pictures of a run lie, for a look. */
const SHOTS = join(import.meta.dirname, '..', '..', '..', 'out', 'e2e')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Building the page, or analysing one small study, with both cores busy. */
const SLOW_MS = 180_000
/** Chromium itself asks this about the fields of any page; no code of the page can. */
const BROWSERS_OWN = /^content-autofill\.googleapis\.com:/

const chromium = findChromium()
if (!chromium) console.warn(NO_CHROMIUM)

describe.skipIf(!chromium)('the page without a server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neckfrac-browser-'))
  const at = (name: string) => join(folder, name)
  let expected: Map<string, Report>
  let server: StaticServer
  let foreign: ForeignHosts
  let browser: Browser
  let context: BrowserContext
  let page: Page
  const complaints: string[] = []
  const questions: string[] = []

  beforeAll(async () => {
    writePatient(at('hostile'), 4, HOSTILE_NAME)
    writeFileSync(at('hostile/notes.txt'), 'no image')
    writeFileSync(at('hostile/cut.dcm'), readFileSync(at('hostile/1.dcm')).subarray(0, 300))
    writePatient(at('plain'), 6, 'SYNTHETIC^Six')
    const slices = readdirSync(at('plain')).map((name) =>
      deflated(`six/${name}`, readFileSync(at(`plain/${name}`))),
    )
    writeFileSync(at('six.zip'), zipOf(slices))
    writeBrokenFiles(at('broken'))
    await buildStaticPage(at('page'))
    // No file of the build: the service worker has it under its control, and no policy stands in it.
    writeFileSync(at('page/other.html'), '<!doctype html><title>other</title>')
    expected = await predictByCommandLine([at('hostile'), at('plain')], at('out'))
    server = await serveFolder(at('page'))
    foreign = await playForeignHosts()
    browser = await launchChromium(chromium!)
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, proxy: foreign.proxy })
    page = await context.newPage()
    page.on('crash', () => complaints.push('the tab is gone'))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('dialog', (dialog) => {
      if (dialog.type() === 'beforeunload') questions.push(dialog.type())
      else complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.setDefaultTimeout(SLOW_MS / 3)
    await keepReports(page)
    await page.goto(server.url)
    await page.getByText('Ready to work without a network').waitFor({ timeout: SLOW_MS })
  }, 2 * SLOW_MS)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await foreign?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const home = async () => {
    await page.evaluate(() => {
      location.hash = '#/'
    })
    await page.getByRole('table', { name: 'Work list' }).waitFor()
  }
  const open = async (name: string) => {
    await home()
    await page.getByRole('link', { name }).click()
    await page.locator('.strip').waitFor()
  }
  const row = (text: string) => page.locator('tbody tr', { hasText: text })
  const analysed = (text: string) =>
    row(text).getByText('done', { exact: true }).waitFor({ timeout: SLOW_MS })
  const shot = (name: string) => page.screenshot({ path: join(SHOTS, `${name}.png`) })

  /** The page's probabilities are the command line's, and what it shows are the page's. */
  const agrees = async (uid: string) => {
    const report = (await reportsOf(page)).find(({ studyInstanceUid }) => studyInstanceUid === uid)!
    expectAgreement(report, expected.get(uid)!)
    const cells = await page.locator('.levels tbody tr td:nth-child(2)').allTextContents()
    const shown = probabilitiesOf(report).map((probability) =>
      probability === null ? '' : percent(probability),
    )
    expect(cells).toEqual(shown)
  }

  it('is isolated after its one reload, on a host that sends no header', async () => {
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
    await shot('browser-start')
  })

  it('its policy lets nothing out', async () => {
    const trial = await context.newPage()
    await trial.goto(server.url)
    expect(await reaches(trial, 'http://example.org/fetched')).toBe(false)
    expect(await reaches(trial, 'https://example.org/fetched')).toBe(false)
    expect(await shows(trial, 'http://example.org/picture.png')).toBe(false)
    await trial.evaluate(() => navigator.sendBeacon('http://example.org/beacon', 'a'))
    await trial.close()
  })

  it('nor does its service worker, without the policy', async () => {
    const trial = await context.newPage()
    await trial.goto(`${server.url}other.html`)
    expect(await trial.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
    const before = server.asked.length
    expect(await reaches(trial, 'http://example.org/fetched')).toBe(false)
    expect(await shows(trial, 'http://example.org/picture.png')).toBe(false)
    expect(await reaches(trial, `${server.url}api/images`)).toBe(false)
    expect(
      await trial.evaluate((url) => fetch(url, { method: 'POST', body: 'a' }).catch(() => null), server.url),
    ).toBe(null)
    expect(server.asked.slice(before)).toEqual([])
    // The watch does see what leaves.
    expect(foreign.asked.filter((address) => address.startsWith('http://example.org'))).toEqual([])
    await trial.goto('http://example.org/left')
    expect(foreign.asked).toContain('http://example.org/left')
    await trial.close()
  })

  it(
    'a new version waits until no page of the old one is open, then takes over',
    async () => {
      cpSync(at('page'), at('next'), { recursive: true })
      const host = await serveFolder(at('next'))
      const visitor = await browser.newContext()
      const openPage = async () => {
        const opened = await visitor.newPage()
        await opened.goto(host.url)
        await opened.getByText('Ready to work without a network').waitFor({ timeout: SLOW_MS })
        return opened
      }
      const first = await openPage()
      rewrite(at('next/index.html'), /<head>/, '<head><meta name="next">')
      rewrite(at('next/service-worker.js'), /"version":"/, '"version":"next ')
      await first.evaluate(async () => (await navigator.serviceWorker.ready).update())
      const waits = () =>
        first.evaluate(async () => (await navigator.serviceWorker.ready).waiting?.state === 'installed')
      await expect.poll(waits, { timeout: SLOW_MS / 3 }).toBe(true)
      await first.reload()
      expect(await first.locator('meta[name=next]').count()).toBe(0)
      await first.close()
      await host.stop()
      const second = await openPage()
      expect(await second.locator('meta[name=next]').count()).toBe(1)
      expect(await second.evaluate(async () => (await caches.keys()).length)).toBe(1)
      await visitor.close()
    },
    SLOW_MS,
  )

  it('loads again when its host is gone', async () => {
    await server.stop()
    await page.reload()
    await page.getByText('Ready to work without a network').waitFor()
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  })

  // From here on there is no host: what follows is analysed without a network.

  it(
    'says of each broken file what is wrong with it, and unpacks no bomb',
    async () => {
      const names = readdirSync(at('broken')).sort()
      const before = await residentBytes(browser)
      await drop(
        page,
        names.map((name) => at(`broken/${name}`)),
      )
      const reasons = {
        'bomb.zip': 'a.dcm: no pixel data in the first 64 MB',
        'damaged.zip': 'damaged zip archive. Pack it again.',
        'empty.zip': 'The source holds no files.',
        'notes.txt': 'notes.txt: not a DICOM file',
      }
      for (const [name, reason] of Object.entries(reasons))
        await row(name)
          .filter({ hasText: 'failed' })
          .filter({ hasText: reason })
          .waitFor({ timeout: SLOW_MS })
      // Of the bomb the 64 MB in which a header must lie are unpacked, a few times over.
      if (before !== null) expect(await residentBytes(browser)).toBeLessThan(before + 300e6)
      await shot('browser-broken')
    },
    SLOW_MS,
  )

  it(
    'takes a folder chosen by keyboard alone, names the files that are no images, and judges as the command line',
    async () => {
      const chooser = page.waitForEvent('filechooser')
      const isFolderField = () => document.activeElement?.hasAttribute('webkitdirectory')
      for (let n = 0; n < 20 && !(await page.evaluate(isFolderField)); n++) await page.keyboard.press('Tab')
      await shot('browser-focus')
      await page.keyboard.press('Enter')
      await (await chooser).setFiles(at('hostile'))
      await analysed('script')
      expect(await page.getByRole('link', { name: '<script>alert(1)</script>, X' }).count()).toBe(1)
      expect(complaints).toEqual([])
      await shot('browser-list')
      await page.keyboard.press('j')
      await page.keyboard.press('Enter')
      await page.locator('.strip').waitFor()
      await agrees('2.25.9004')
      await page.keyboard.press('n')
      await expect.poll(() => page.locator('.box.active').count(), { timeout: SLOW_MS }).toBe(3)
      await shot('browser-study')
      const skipped = (await page.locator('main').textContent()) ?? ''
      expect(skipped).toMatch(/notes\.txt/)
      expect(skipped).toMatch(/cut\.dcm/)
      await page.keyboard.press('Escape')
      await page.getByRole('table', { name: 'Work list' }).waitFor()
    },
    SLOW_MS,
  )

  it(
    'cancels in the middle of a network, and goes on with the next study',
    async () => {
      await home()
      await drop(page, [at('plain')])
      await row('Six')
        .getByText(/(finding|judging) the vertebrae/)
        .waitFor({ timeout: SLOW_MS })
      await page.getByRole('button', { name: 'Cancel SYNTHETIC, Six' }).click()
      await row('Six').getByText('cancelled').waitFor()
      await drop(page, [at('six.zip')])
      await row('six.zip').getByText('done', { exact: true }).waitFor({ timeout: SLOW_MS })
      await open('SYNTHETIC, Six')
      await agrees('2.25.9006')
      // A file that is dropped here does not take the page's place.
      await drop(page, [at('broken/notes.txt')])
      await home()
      expect(await row('Six').count()).toBe(2)
    },
    2 * SLOW_MS,
  )

  it(
    'analyses and opens a study of more than 600 slices, in bounded memory',
    async () => {
      writePatient(at('long'), 8, 'SYNTHETIC^Long', [3, 3, 7])
      const slices = readdirSync(at('long')).length
      expect(slices).toBeGreaterThan(600)
      const volumeBytes = slices * 480 * 480 * 2
      const before = await residentBytes(browser)
      await home()
      await page.locator('input[webkitdirectory]').setInputFiles(at('long'))
      await analysed('Long')
      await open('SYNTHETIC, Long')
      await page.locator('.plane.axial').hover()
      await page.keyboard.press('PageUp')
      const words = async () => (await page.locator('.plane.axial .note').allTextContents()).join()
      await expect.poll(words).toContain(`of ${slices}`)
      const most = await residentBytes(browser, 'HWM')
      // Found: 3.2 times the volume.
      if (before !== null) expect(most).toBeLessThan(before + 5 * volumeBytes)
      rmSync(at('long'), { recursive: true })
    },
    2 * SLOW_MS,
  )

  it('axe finds nothing serious', async () => {
    for (const go of [home, () => open('SYNTHETIC, Six')]) {
      await go()
      await page.evaluate(AXE)
      const { violations } = await page.evaluate(() =>
        (globalThis as never as { axe: { run(): Promise<AxeResults> } }).axe.run(),
      )
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' ')}`)).toEqual([])
    }
  })

  it('asks before a reading is lost that nobody has as a file', async () => {
    await open('SYNTHETIC, Six')
    await page.keyboard.press('1')
    await page.keyboard.press('d')
    const close = async () => {
      const before = questions.length
      await page.close({ runBeforeUnload: true })
      await expect.poll(() => page.isClosed() || questions.length > before).toBe(true)
    }
    await close() // before the pause after which it is saved
    await page.getByText('Your reading is gone with this tab').waitFor()
    await close()
    expect(questions).toEqual(['beforeunload', 'beforeunload'])
    await page.getByRole('button', { name: 'Export JSON' }).click()
    await close()
    expect(page.isClosed()).toBe(true)
    expect(questions).toHaveLength(2)
  })

  it('asked nobody, and complained of nothing', () => {
    const asked = foreign.asked.filter((address) => !BROWSERS_OWN.test(address))
    expect(asked.filter((address) => !/\/(left|favicon\.ico)$/.test(address))).toEqual([])
    expect(complaints).toEqual([])
  })
})

/** A text, an archive without entries, one that is none, and one that would unpack to 4 GB. */
function writeBrokenFiles(folder: string): void {
  mkdirSync(folder)
  writeFileSync(join(folder, 'notes.txt'), 'no image')
  writeFileSync(join(folder, 'empty.zip'), zipOf([]))
  writeFileSync(
    join(folder, 'damaged.zip'),
    Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(3000, 7)]),
  )
  const bomb = ATTACKS.find(({ name }) => name.startsWith('zip bomb'))!
  copyFileSync(bomb.make(folder), join(folder, 'bomb.zip'))
  rmSync(join(folder, 'a.zip'))
}

const rewrite = (file: string, pattern: RegExp, text: string) =>
  writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, text))

const reaches = (page: Page, url: string) =>
  page.evaluate(
    (url) =>
      fetch(url, { mode: 'no-cors' }).then(
        () => true,
        () => false,
      ),
    url,
  )

/** Whether anything comes when the page asks for a picture. */
const shows = (page: Page, url: string) =>
  page.evaluate(
    (url) =>
      new Promise<boolean>((done) => {
        const image = document.createElement('img')
        image.onload = () => done(true)
        image.onerror = () => done(false)
        image.src = url
        document.body.append(image)
      }),
    url,
  )
