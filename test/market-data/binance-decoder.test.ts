import { describe, expect, test } from 'vitest';
import { PortcullisError } from '../../src/core/index.ts';
import { BinanceDecoder } from '../../src/market-data/index.ts';
import { defineInstrument } from '../../src/trading/index.ts';
import { BTC, diff, level, levels, quote, snapshot, trade } from '../support/market-events.ts';

const ETH = defineInstrument({
  instrumentId: 'ether',
  base: 'ETH',
  quote: 'USDT',
  tick: '0.01',
  step: '0.0001',
});

const decode = (message: unknown): unknown => new BinanceDecoder([BTC]).decode(message, 1_000);

const depth = (data: Record<string, unknown> = {}): unknown => ({
  stream: 'btcusdt@depth@100ms',
  data: {
    e: 'depthUpdate',
    E: 2_270,
    s: 'BTCUSDT',
    U: 7,
    u: 9,
    b: [['1.00000000', '0.00002000']],
    a: [],
    ...data,
  },
});

const ticker = (data: Record<string, unknown> = {}): unknown => ({
  stream: 'btcusdt@bookTicker',
  data: { u: 9, s: 'BTCUSDT', b: '1.00000000', B: '0.00002000', a: '1.01', A: '3', ...data },
});

const print = (data: Record<string, unknown> = {}): unknown => ({
  stream: 'btcusdt@trade',
  data: {
    e: 'trade',
    E: 2_271,
    s: 'BTCUSDT',
    t: 5,
    p: '1',
    q: '0.00001',
    T: 2_270,
    m: true,
    M: true,
    ...data,
  },
});

const rest = (fields: Record<string, unknown> = {}): unknown => ({
  lastUpdateId: 4,
  bids: [['1.00', '0.00002']],
  asks: [['1.01', '0.00003']],
  ...fields,
});

describe('BinanceDecoder', () => {
  test('reads a depth diff, in ticks and lots', () => {
    expect(decode(depth())).toEqual(diff(7, 9, { exchangeMs: 2_270, bids: levels([100, 2]), asks: [] }));
  });

  test('reads a best quote, which carries no exchange time', () => {
    expect(decode(ticker())).toEqual(quote(9, level(100, 2), level(101, 300_000)));
  });

  test('reads a trade at the time of the trade; a buyer who made means that the seller took', () => {
    expect(decode(print())).toEqual(trade(5, { exchangeMs: 2_270, aggressor: 'sell' }));
    expect(decode(print({ m: false }))).toEqual(trade(5, { exchangeMs: 2_270, aggressor: 'buy' }));
  });

  test('reads a snapshot of the REST interface', () => {
    expect(decode(rest())).toEqual(snapshot(4, { bids: levels([100, 2]), asks: levels([101, 3]) }));
  });

  test('reads the stream of diffs each second as well', () => {
    expect(new BinanceDecoder([BTC]).decode({ ...Object(depth()), stream: 'btcusdt@depth' }, 1_000)).toEqual(
      diff(7, 9, { exchangeMs: 2_270, bids: levels([100, 2]), asks: [] }),
    );
  });

  test('finds the instrument by the symbol that base and quote make', () => {
    const event = new BinanceDecoder([BTC, ETH]).decode(
      {
        stream: 'ethusdt@bookTicker',
        data: { u: 1, s: 'ETHUSDT', b: '1.00', B: '0.0002', a: '1.01', A: '0.0001' },
      },
      1_000,
    );
    expect(event).toEqual(quote(1, level(100, 2), level(101, 1), { instrumentId: 'ether' }));
  });

  test('rounds a quantity finer than the step down: it is left over from a finer step', () => {
    expect(decode(ticker({ B: '25.42618900' }))).toMatchObject({ bid: { quantity: 2_542_618 } });
  });

  test('reads an empty side of a quote', () => {
    expect(decode(ticker({ b: '0.00000000', B: '0.00000000' }))).toMatchObject({
      bid: { price: 0, quantity: 0 },
    });
  });

  const tick = 'a decimal as text, a multiple of the tick 0.01';
  const count = 'a whole number, 0 or more';
  const pair = '[price, quantity]';
  test.each([
    ['no object', 'text', '(whole)', 'an object', '"text"'],
    ['null', null, '(whole)', 'an object', 'null'],
    ['an array', [1], 'stream', 'the name of a stream, or a snapshot with lastUpdateId', 'nothing'],
    ['no data', { stream: 'btcusdt@trade' }, 'data', 'an object', 'nothing'],
    ['another symbol', ticker({ s: 'ETHUSDT' }), 'data.s', 'BTCUSDT', '"ETHUSDT"'],
    ['a price off the grid', ticker({ a: '1.015' }), 'data.a', tick, '"1.015"'],
    ['a price as number', ticker({ b: 1.01 }), 'data.b', tick, '1.01'],
    ['a negative price', print({ p: '-1.00' }), 'data.p', tick, '"-1.00"'],
    ['an exponent', print({ q: '1e-5' }), 'data.q', 'a decimal as text', '"1e-5"'],
    ['no quantity', ticker({ A: undefined }), 'data.A', 'a decimal as text', 'nothing'],
    ['no update id', ticker({ u: undefined }), 'data.u', count, 'nothing'],
    ['an update id as text', depth({ u: '9' }), 'data.u', count, '"9"'],
    ['an inexact update id', depth({ u: 2 ** 53 }), 'data.u', count, '9007199254740992'],
    ['ids the wrong way round', depth({ U: 10 }), 'data.U', 'at most data.u, 9', '10'],
    ['a negative time', depth({ E: -1 }), 'data.E', count, '-1'],
    ['no trade time', print({ T: null }), 'data.T', count, 'null'],
    ['a maker flag as number', print({ m: 1 }), 'data.m', 'true or false', '1'],
    ['levels as object', depth({ b: {} }), 'data.b', `an array of ${pair}`, '{}'],
    ['a level as text', depth({ b: [['1', '1'], 'x'] }), 'data.b[1]', pair, '"x"'],
    ['a level price off the grid', depth({ a: [['1.001', '1']] }), 'data.a[0][0]', tick, '"1.001"'],
    ['a level without quantity', rest({ asks: [['1.00']] }), 'asks[0][1]', 'a decimal as text', 'nothing'],
    ['a snapshot id as text', rest({ lastUpdateId: '4' }), 'lastUpdateId', count, '"4"'],
    [
      'an unknown stream',
      { stream: 'btcusdt@kline_1m', data: {} },
      'stream',
      'one of @depth, @depth@100ms, @bookTicker, @trade',
      '"btcusdt@kline_1m"',
    ],
    ['a long value, cut', ticker({ a: 'x'.repeat(200) }), 'data.a', tick, `"${'x'.repeat(76)}...`],
  ])('refuses %s, and says where', (_what, message, field, expected, value) => {
    expect(() => decode(message)).toThrow(
      new PortcullisError('INPUT_INVALID', `${field}: expected ${expected}, got ${value}`, {
        details: { field, expected, value },
      }),
    );
  });

  test('refuses an instrument that is not configured, and says which are', () => {
    expect(() => decode({ stream: 'ethusdt@trade', data: {} })).toThrow(
      expect.objectContaining({
        code: 'INSTRUMENT_UNKNOWN',
        message: 'stream: expected a configured instrument, one of BTCUSDT, got "ethusdt@trade"',
      }),
    );
  });

  test('refuses a snapshot among several instruments, as it names none', () => {
    expect(() => new BinanceDecoder([BTC, ETH]).decode(rest(), 1_000)).toThrow(
      'lastUpdateId: expected no snapshot among several instruments, as it names none, got 4',
    );
  });

  test.each([
    ['no instrument', []],
    ['the same symbol twice', [BTC, BTC]],
  ])('needs instruments that can be told apart: %s', (_what, instruments) => {
    expect(() => new BinanceDecoder(instruments)).toThrow('instruments: expected one or more');
  });
});
