import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GOLDEN_FRAMES } from '../../core/test/golden-frames.ts'
import { findChromium, launchChromium, NO_CHROMIUM } from './chromium.ts'
import { compressFiles, writePatient } from './fixtures.ts'
import {
  buildStaticPage,
  expectAgreement,
  keepReports,
  predictByCommandLine,
  reportsOf,
} from './static-page.ts'
import { type StaticServer, serveFolder } from './static-server.ts'

/** RLE, JPEG lossless, JPEG-LS and JPEG 2000, as archives keep CT. */
const SYNTAXES = ['5', '4.70', '4.80', '4.90'].map((end) => `1.2.840.10008.1.2.${end}`)
/** Building the page, or analysing a small study twice, with both cores busy. */
const SLOW_MS = 180_000

const chromium = findChromium()
if (!chromium) console.warn(NO_CHROMIUM)

describe.skipIf(!chromium)('the decoders of the built page in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neckfrac-codecs-'))
  let server: StaticServer
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    await buildStaticPage(folder)
    server = await serveFolder(folder)
    browser = await launchChromium(chromium!)
    page = await browser.newPage()
    await keepReports(page)
    await page.goto(server.url)
    // The service worker loads the page once more, isolated.
    await page.waitForFunction(() => crossOriginIsolated)
    const worker = readdirSync(join(folder, 'assets')).find((name) => /^decode-worker-.*\.js$/.test(name))
    await page.evaluate((name) => {
      const decoder = new Worker(`assets/${name}`, { type: 'module' })
      Object.assign(self, { decoder })
    }, worker)
  }, SLOW_MS)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** What the worker replies: the SHA-256 of the values and the values in base64, or why there are none. */
  const decode = (syntax: string, bitsAllocated: number, frame: string) =>
    page.evaluate(
      async ({ transferSyntaxUid, format, base64 }) => {
        const { decoder } = self as unknown as { decoder: Worker }
        const frame = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
        const reply = await new Promise<{ ok: boolean; values: Uint8Array<ArrayBuffer>; message: string }>(
          (done, failed) => {
            decoder.onmessage = ({ data }) => done(data)
            decoder.onerror = ({ message }) => failed(new Error(message))
            decoder.postMessage({ transferSyntaxUid, frame, format })
          },
        )
        if (!reply.ok) return { message: reply.message, sha256: '', values: '' }
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', reply.values))
        return {
          message: '',
          sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
          values: btoa(String.fromCharCode(...reply.values)),
        }
      },
      {
        transferSyntaxUid: syntax,
        format: { rows: GOLDEN_FRAMES.rows, columns: GOLDEN_FRAMES.columns, bitsAllocated },
        base64: frame,
      },
    )

  it.each(GOLDEN_FRAMES.frames)('$syntax, $bitsAllocated bits: what pydicom decodes', async (one) => {
    const { sha256, values, message } = await decode(one.syntax, one.bitsAllocated, one.frame)
    expect(message).toBe('')
    if (one.values === undefined) expect(sha256).toBe(one.sha256)
    else {
      const [ours, theirs] = [values, one.values].map((text) => Buffer.from(text, 'base64'))
      expect(ours.length).toBe(theirs.length)
      // Irreversible transforms are computed in floating point.
      for (let at = 0; at < ours.length; at += one.bitsAllocated / 8) {
        const sampleOf = (of: Buffer) => (one.bitsAllocated === 8 ? of[at] : of.readUInt16LE(at))
        expect(Math.abs(sampleOf(ours) - sampleOf(theirs))).toBeLessThanOrEqual(1)
      }
    }
  })

  it('refuse a frame that ends early, and decode the next', async () => {
    const [one] = GOLDEN_FRAMES.frames.filter(({ syntax }) => syntax.endsWith('4.80'))
    const cut = Buffer.concat([Buffer.from(one.frame, 'base64').subarray(0, 700), Buffer.of(0xff, 0xd9)])
    for (let n = 0; n < 40; n++)
      expect((await decode(one.syntax, one.bitsAllocated, cut.toString('base64'))).message).toContain(
        'damaged',
      )
    expect((await decode(one.syntax, one.bitsAllocated, one.frame)).sha256).toBe(one.sha256)
  })
  it(
    'read a whole compressed study to the numbers of the command line',
    async () => {
      const study = join(folder, 'study')
      writePatient(study, 6, 'SYNTHETIC^Six')
      await compressFiles(study, SYNTAXES)
      const [expected] = (await predictByCommandLine([study], join(folder, 'out'))).values()
      await page.locator('input[webkitdirectory]').setInputFiles(study)
      await page.getByText('done', { exact: true }).waitFor({ timeout: SLOW_MS })
      const [report] = await reportsOf(page)
      expect(report.findings.map(({ code }) => code)).not.toContain('lossy-compressed')
      expectAgreement(report, expected)
    },
    SLOW_MS,
  )
})
