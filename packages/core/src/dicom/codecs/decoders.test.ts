import { describe, expect, it } from 'vitest'
import { createDecoders, type DecodeReply, type DecodeRequest, type StartThread } from './decoders.ts'

const RLE = '1.2.840.10008.1.2.5'
const FORMAT = { rows: 1, columns: 1, bitsAllocated: 8 }

/** Threads whose work the test does, and a clock that it turns. */
function setUp(threads: number) {
  const started: {
    readonly requests: DecodeRequest[]
    readonly reply: (reply: DecodeReply) => void
    readonly fail: (message: string) => void
    isStopped: boolean
  }[] = []
  const timers = new Set<() => void>()
  const start: StartThread = (reply, fail) => {
    const thread = { requests: [] as DecodeRequest[], reply, fail, isStopped: false }
    started.push(thread)
    return {
      post: (request) => thread.requests.push(request),
      stop: () => {
        thread.isStopped = true
      },
    }
  }
  const { codecs, dispose } = createDecoders({
    start,
    threads,
    limitMs: 8000,
    after: (_, call) => {
      timers.add(call)
      return () => timers.delete(call)
    },
  })
  const decode = async (n: number) => codecs[RLE](Uint8Array.of(n), FORMAT)
  return { started, timers, decode, dispose }
}

const done = (n: number): DecodeReply => ({ ok: true, values: Uint8Array.of(n) })

describe('createDecoders', () => {
  it('starts threads as frames come, and no more than it may', async () => {
    const { started, decode } = setUp(2)
    expect(started).toHaveLength(0)
    const results = [1, 2, 3].map(decode)
    expect(started).toHaveLength(2)
    expect(started.map(({ requests }) => requests.length)).toEqual([1, 1])
    started[0].reply(done(10))
    expect(started[0].requests.map(({ frame }) => frame[0])).toEqual([1, 3])
    started[0].reply(done(30))
    started[1].reply(done(20))
    expect((await Promise.all(results)).map(([value]) => value)).toEqual([10, 20, 30])
    const next = decode(4)
    expect(started).toHaveLength(2)
    started.find(({ requests }) => requests.at(-1)?.frame[0] === 4)?.reply(done(40))
    expect(await next).toEqual(Uint8Array.of(40))
  })

  it('gives up a frame that takes too long, ends its thread, and goes on with another', async () => {
    const { started, timers, decode } = setUp(1)
    const [slow, other] = [decode(1), decode(2)]
    for (const call of [...timers]) call()
    await expect(slow).rejects.toMatchObject({ tag: 'input', message: 'decoding took more than 8 s' })
    expect(started[0].isStopped).toBe(true)
    expect(started).toHaveLength(2)
    started[1].reply(done(20))
    expect(await other).toEqual(Uint8Array.of(20))
    expect(timers.size).toBe(0)
  })

  it('survives a thread that crashes', async () => {
    const { started, decode } = setUp(1)
    const [bad, good] = [decode(1), decode(2)]
    started[0].fail('out of memory')
    await expect(bad).rejects.toMatchObject({ tag: 'input', message: 'the decoder failed: out of memory' })
    started[1].reply(done(20))
    expect(await good).toEqual(Uint8Array.of(20))
  })

  it('uses no thread that crashed while it had nothing to do', async () => {
    const { started, decode } = setUp(1)
    const first = decode(1)
    started[0].reply(done(10))
    await first
    started[0].fail('ended with 1')
    const second = decode(2)
    expect(started).toHaveLength(2)
    started[1].reply(done(20))
    expect(await second).toEqual(Uint8Array.of(20))
  })

  it('hands on why a frame is refused', async () => {
    const { started, decode } = setUp(1)
    const refused = decode(1)
    started[0].reply({ ok: false, message: 'truncated' })
    await expect(refused).rejects.toMatchObject({ tag: 'input', message: 'truncated' })
  })
})
