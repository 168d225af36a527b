import { describe, expect, test } from 'vitest';
import { BinanceProtocol, type BinanceProtocolDeps } from '../../src/market-data/binance-protocol.ts';
import { type Instrument, defineInstrument } from '../../src/trading/index.ts';
import { BTC, diff, level, levels, quote, snapshot, trade } from '../support/market-events.ts';

const ETH = defineInstrument({
  instrumentId: 'ETH-USDT',
  base: 'ETH',
  quote: 'USDT',
  tick: '0.01',
  step: '0.0001',
});
const ALL = { depth: true, quotes: true, trades: true };
/** On the monotonic clock. */
const RECEIVED = 4_000;
const { signal } = new AbortController();

const protocol = (more: Partial<BinanceProtocolDeps> = {}): BinanceProtocol =>
  new BinanceProtocol({
    url: 'wss://stream.binance.com:9443',
    instruments: [BTC, ETH],
    snapshot: () => Promise.reject(new Error('not asked for')),
    clock: { nowMs: () => 5_000, monotonicMs: () => RECEIVED },
    ...more,
  });

const decode = (message: unknown, it = protocol()) => it.decode(JSON.stringify(message), 1_000);

const depth = (data: object) => ({
  stream: 'btcusdt@depth@100ms',
  data: { e: 'depthUpdate', E: 990, s: 'BTCUSDT', U: 11, u: 12, b: [], a: [], ...data },
});

describe('BinanceProtocol', () => {
  test('connects to the combined streams', () => {
    expect(protocol().url()).toBe('wss://stream.binance.com:9443/stream');
  });

  test('knows the streams of its instruments, as far as they are wanted', () => {
    expect(protocol().channels('ETH-USDT', ALL)).toEqual([
      'ethusdt@depth@100ms',
      'ethusdt@bookTicker',
      'ethusdt@trade',
    ]);
    expect(protocol().channels('ETH-USDT', { depth: false, quotes: true, trades: false })).toEqual([
      'ethusdt@bookTicker',
    ]);
    expect(protocol().channels('XRP-USDT', ALL)).toBeUndefined();
  });

  test('asks for at most 200 streams a frame, each with an id of its own', () => {
    const it = protocol();
    const channels = Array.from({ length: 401 }, (_, i) => `c${i}`);
    const frames = it.subscribe(channels).map((frame) => JSON.parse(frame) as { params: string[] });
    expect(frames).toMatchObject([
      { method: 'SUBSCRIBE', id: 1 },
      { method: 'SUBSCRIBE', id: 2 },
      { method: 'SUBSCRIBE', id: 3 },
    ]);
    expect(frames.map(({ params }) => params.length)).toEqual([200, 200, 1]);
    expect(frames.flatMap(({ params }) => params)).toEqual(channels);
    expect(it.unsubscribe(['c7'])).toEqual(['{"method":"UNSUBSCRIBE","params":["c7"],"id":4}']);
    expect(it.subscribe([])).toEqual([]);
  });

  test('takes an answer for an answer', () => {
    expect(decode({ result: null, id: 1 })).toEqual({ kind: 'control' });
    expect(decode({ result: ['btcusdt@trade'], id: 3 })).toEqual({ kind: 'control' });
  });

  test.each([
    [
      'as it is',
      { error: { code: 2, msg: 'Invalid request' }, id: 1 },
      'SUBSCRIBE nosuch@trade: 2 "Invalid request"',
    ],
    ['as it was', { code: 2, msg: 'Invalid request', id: 1 }, 'SUBSCRIBE nosuch@trade: 2 "Invalid request"'],
    ['without an id', { error: { code: 3, msg: 'Invalid JSON' } }, 'a request: 3 "Invalid JSON"'],
    ['without a code', { error: { msg: 'no' }, id: 9 }, 'a request: null "no"'],
    ['with a result too', { result: null, error: { code: 1 }, id: 1 }, 'SUBSCRIBE nosuch@trade: 1 null'],
  ])('says what was refused, and why: %s', (_how, answer, detail) => {
    const it = protocol();
    it.subscribe(['nosuch@trade']);
    expect(decode(answer, it)).toEqual({ kind: 'refused', detail });
  });

  test('remembers what the last hundred requests asked for', () => {
    const it = protocol();
    for (let i = 1; i <= 101; i += 1) it.subscribe([`c${i}`]);
    const refused = (id: number) => decode({ error: { code: 2, msg: 'no' }, id }, it);
    expect(refused(1)).toMatchObject({ detail: 'a request: 2 "no"' });
    expect(refused(2)).toMatchObject({ detail: 'SUBSCRIBE c2: 2 "no"' });
    expect(refused(2)).toMatchObject({ detail: 'a request: 2 "no"' });
  });

  test.each([
    ['combined', { stream: '!serverShutdown', data: { e: 'serverShutdown', E: 1_770_123_456_789 } }],
    ['raw', { e: 'serverShutdown', E: 1_770_123_456_789 }],
  ])('knows that the server is about to shut down: %s', (_how, message) => {
    expect(decode(message)).toEqual({ kind: 'closing' });
  });

  test('decodes changes, quotes and trades', () => {
    expect(decode(depth({ b: [['1.00', '0.00003']] }))).toEqual({
      kind: 'messages',
      messages: [diff(11, 12, { bids: levels([100, 3]), exchangeMs: 990, receivedMonotonicMs: RECEIVED })],
    });
    expect(
      decode({
        stream: 'btcusdt@bookTicker',
        data: { u: 13, s: 'BTCUSDT', b: '1.00', B: '0.00001', a: '1.01', A: '0.00002' },
      }),
    ).toEqual({
      kind: 'messages',
      messages: [quote(13, level(100, 1), level(101, 2), { receivedMonotonicMs: RECEIVED })],
    });
  });

  test.each([
    ['no JSON', '{"stream":', /JSON/],
    ['no object', '[]', /a stream or an answer/],
    ['a number', '7', /expected an object, got 7/],
    ['nothing known', '{"hello":1}', /a stream or an answer/],
    ['bytes', new Uint8Array([123, 125]), /expected text, got "binary"/],
    [
      'a stream that is none of ours',
      '{"stream":"xrpusdt@trade","data":{}}',
      /expected a configured instrument/,
    ],
    ['a price of nothing', JSON.stringify(depth({ a: [['0.00', '1.0']] })), /a possible diff: price is not/],
  ])('refuses %s', (_what, frame, message) => {
    expect(() => protocol().decode(frame, 1_000)).toThrow(message);
  });

  test.each([
    ['a change', depth({ U: 13, u: Number.MAX_SAFE_INTEGER })],
    ['a change', depth({ U: 2e9, u: 2e9 })],
    [
      'a quote',
      {
        stream: 'btcusdt@bookTicker',
        data: { u: 2e9, s: 'BTCUSDT', b: '1.00', B: '0.00001', a: '1.01', A: '0.00002' },
      },
    ],
  ])('refuses an id that jumps absurdly, and follows the next: %s', (_what, message) => {
    const it = protocol();
    decode(depth({}), it);
    expect(() => decode(message, it)).toThrow(/a possible (diff|quote): an id of/);
    expect(decode(depth({ U: 14, u: 14 }), it).kind).toBe('messages');
  });

  test('refuses a snapshot whose id jumps absurdly', async () => {
    const it = protocol({ snapshot: async () => ({ lastUpdateId: 2e9, bids: [], asks: [] }) });
    decode(depth({}), it);
    await expect(it.snapshot('btcusdt@depth@100ms', signal)).rejects.toThrow(/cannot come after 12/);
  });

  test('gives each message its stream, and books their numbers', () => {
    const it = protocol();
    const of = (event: Parameters<typeof it.channelOf>[0]) => [it.channelOf(event), it.sequenceOf(event)];
    const channel = 'btcusdt@depth@100ms';
    expect(of(diff(11, 12))).toEqual([channel, { channel, first: 11, last: 12 }]);
    expect(of(snapshot(40))).toEqual([channel, { channel, first: 40, last: 40 }]);
    expect(of(quote(9, level(1, 1), level(2, 1)))).toEqual(['btcusdt@bookTicker', undefined]);
    expect(of(trade(9))).toEqual(['btcusdt@trade', undefined]);
    expect(it.channelOf(trade(9, { instrumentId: 'XRP-USDT' }))).toBe('XRP-USDT@trade');
  });

  test('fetches the book of the instrument that the stream is of', async () => {
    const asked: Instrument[] = [];
    const it = protocol({
      snapshot: async (instrument, given) => {
        asked.push(instrument);
        expect(given).toBe(signal);
        return { lastUpdateId: 40, bids: [['20.00', '0.0005']], asks: [] };
      },
    });
    expect(await it.snapshot('ethusdt@depth@100ms', signal)).toEqual([
      snapshot(40, {
        instrumentId: 'ETH-USDT',
        receivedMs: 5_000,
        receivedMonotonicMs: RECEIVED,
        bids: levels([2_000, 5]),
        asks: [],
      }),
    ]);
    expect(asked).toEqual([ETH]);
  });

  test('has no snapshots of quotes and trades', async () => {
    expect(await protocol().snapshot('btcusdt@trade', signal)).toEqual([]);
  });

  test.each([
    ['what the port throws', () => Promise.reject(new Error('banned')), 'banned'],
    ['an error of the venue', async () => ({ code: -1121, msg: 'Invalid symbol.' }), /stream/],
    ['a message of a stream', async () => depth({}), /no lastUpdateId/],
    [
      'a price of nothing',
      async () => ({ lastUpdateId: 4, bids: [['0.00', '1']], asks: [] }),
      /a possible book/,
    ],
  ])('a snapshot throws for %s', async (_what, answer, message) => {
    await expect(protocol({ snapshot: answer }).snapshot('btcusdt@depth@100ms', signal)).rejects.toThrow(
      message,
    );
  });

  test('refuses an instrument that is not of the spot market, whose book it would show', () => {
    const perpetual = defineInstrument({
      instrumentId: 'BTC-PERP',
      kind: 'linear',
      initialMarginFraction: '0.1',
      base: 'BTC',
      quote: 'USDT',
      tick: '0.01',
      step: '0.00001',
    });
    expect(() => protocol({ instruments: [ETH, perpetual] })).toThrow(
      expect.objectContaining({
        code: 'INSTRUMENT_KIND_UNSUPPORTED',
        message: expect.stringContaining('BTC-PERP') as string,
      }),
    );
  });

  test('refuses instruments that cannot be told apart', () => {
    expect(() => protocol({ instruments: [BTC, BTC] })).toThrow(/each with a symbol of its own/);
  });
});
