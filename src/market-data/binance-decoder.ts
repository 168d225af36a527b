import type { Grid, Lots, Ticks } from '../core/units.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { BestQuote, BookDiff, BookSnapshot, MarketEvent, PublicTrade } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';
import { PortcullisError } from '../core/errors.ts';
import { toGrid } from '../core/increment.ts';
import { fieldError } from './input-error.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Route {
  readonly kind: 'diff' | 'quote' | 'trade';
  readonly symbol: string;
  readonly instrument: Instrument;
}

const STREAM_KINDS = [
  ['depth', 'diff'],
  ['depth@100ms', 'diff'],
  ['bookTicker', 'quote'],
  ['trade', 'trade'],
] as const;

/**
 * Turns messages of Binance spot into market events, in ticks and lots: the combined streams `@depth`, `@bookTicker` and
 * `@trade`, and the depth snapshot of the REST interface. A symbol belongs to the instrument whose base and quote it
 * joins: `BTCUSDT` to base `BTC`, quote `USDT`. A snapshot names no symbol, so it needs a sole instrument.
 *
 * Every field that is used is checked by hand: a schema library would cost more than all the rest. A price must stand on
 * the grid. A quantity need not, as orders outlive a change of the step: it is rounded down.
 */
export class BinanceDecoder {
  readonly #routes = new Map<string, Route>();
  readonly #symbols: readonly string[];
  readonly #sole: Instrument | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` without instruments, or when two have the same symbol */
  constructor(instruments: readonly Instrument[]) {
    this.#symbols = instruments.map(symbolOf);
    if (this.#symbols.length === 0 || new Set(this.#symbols).size !== this.#symbols.length) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `BinanceDecoder: instruments: expected one or more, each with a symbol of its own, got [${this.#symbols.join(', ')}]`,
      );
    }
    this.#sole = instruments.length === 1 ? instruments[0] : undefined;
    for (const instrument of instruments) {
      const symbol = symbolOf(instrument);
      for (const [stream, kind] of STREAM_KINDS) {
        this.#routes.set(`${symbol.toLowerCase()}@${stream}`, { kind, symbol, instrument });
      }
    }
  }

  /**
   * @param message the parsed JSON of one message
   * @param receivedMs when it came, wall time in milliseconds
   * @throws {PortcullisError} `INPUT_INVALID` or `INSTRUMENT_UNKNOWN`, naming the field, its value and what was expected
   */
  decode(message: unknown, receivedMs: number): MarketEvent {
    if (!isObject(message)) throw fieldError('(whole)', 'an object', message);
    if (message['lastUpdateId'] !== undefined) return this.#snapshot(message, receivedMs);
    const { stream, data } = message;
    const route = typeof stream === 'string' ? this.#routes.get(stream) : undefined;
    if (route === undefined) throw this.#unknownStream(stream);
    if (!isObject(data)) throw fieldError('data', 'an object', data);
    if (data['s'] !== route.symbol) throw fieldError('data.s', route.symbol, data['s']);
    if (route.kind === 'quote') return quote(data, route.instrument, receivedMs);
    if (route.kind === 'trade') return trade(data, route.instrument, receivedMs);
    return diff(data, route.instrument, receivedMs);
  }

  #snapshot(message: Fields, receivedMs: number): BookSnapshot {
    if (this.#sole === undefined) {
      throw fieldError(
        'lastUpdateId',
        'no snapshot among several instruments, as it names none',
        message['lastUpdateId'],
      );
    }
    const { instrumentId, grid } = this.#sole;
    return {
      type: 'snapshot',
      instrumentId,
      receivedMs,
      updateId: integer('lastUpdateId', message['lastUpdateId']),
      bids: levels('bids', message['bids'], grid),
      asks: levels('asks', message['asks'], grid),
    };
  }

  #unknownStream(stream: unknown): PortcullisError {
    const [name, kind] = typeof stream === 'string' ? stream.split(/@(.*)/) : [];
    if (name === undefined || kind === undefined) {
      return fieldError('stream', 'the name of a stream, or a snapshot with lastUpdateId', stream);
    }
    if (this.#symbols.includes(name.toUpperCase())) {
      return fieldError('stream', `one of ${STREAM_KINDS.map(([known]) => `@${known}`).join(', ')}`, stream);
    }
    return fieldError('stream', `a configured instrument, one of ${this.#symbols.join(', ')}`, stream, {
      code: 'INSTRUMENT_UNKNOWN',
    });
  }
}

const symbolOf = ({ base, quote }: Instrument): string => `${base}${quote}`.toUpperCase();

function diff(data: Fields, { instrumentId, grid }: Instrument, receivedMs: number): BookDiff {
  const firstUpdateId = integer('data.U', data['U']);
  const updateId = integer('data.u', data['u']);
  if (firstUpdateId > updateId) throw fieldError('data.U', `at most data.u, ${updateId}`, firstUpdateId);
  return {
    type: 'diff',
    instrumentId,
    receivedMs,
    exchangeMs: integer('data.E', data['E']),
    firstUpdateId,
    updateId,
    bids: levels('data.b', data['b'], grid),
    asks: levels('data.a', data['a'], grid),
  };
}

function quote(data: Fields, { instrumentId, grid }: Instrument, receivedMs: number): BestQuote {
  return {
    type: 'quote',
    instrumentId,
    receivedMs,
    updateId: integer('data.u', data['u']),
    bid: {
      price: priceOf('data.b', data['b'], grid),
      quantity: quantityOf('data.B', data['B'], grid),
    },
    ask: {
      price: priceOf('data.a', data['a'], grid),
      quantity: quantityOf('data.A', data['A'], grid),
    },
  };
}

function trade(data: Fields, { instrumentId, grid }: Instrument, receivedMs: number): PublicTrade {
  const buyerIsMaker = data['m'];
  if (typeof buyerIsMaker !== 'boolean') throw fieldError('data.m', 'true or false', buyerIsMaker);
  return {
    type: 'trade',
    instrumentId,
    receivedMs,
    exchangeMs: integer('data.T', data['T']),
    tradeId: integer('data.t', data['t']),
    price: priceOf('data.p', data['p'], grid),
    quantity: quantityOf('data.q', data['q'], grid),
    aggressor: buyerIsMaker ? 'sell' : 'buy',
  };
}

function levels(field: string, value: unknown, grid: Grid): readonly Level[] {
  if (!Array.isArray(value)) throw fieldError(field, 'an array of [price, quantity]', value);
  const pairs: readonly unknown[] = value;
  const result: Level[] = [];
  for (let i = 0; i < pairs.length; i += 1) {
    const pair = pairs[i];
    if (!Array.isArray(pair)) throw fieldError(`${field}[${i}]`, '[price, quantity]', pair);
    const texts: readonly unknown[] = pair;
    result.push({ price: priceOf(field, texts[0], grid, i), quantity: quantityOf(field, texts[1], grid, i) });
  }
  return result;
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function integer(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw fieldError(field, 'a whole number, 0 or more', value);
}

/** @param index of the level, where the field is a list of levels */
function priceOf(field: string, value: unknown, { tick }: Grid, index?: number): Ticks {
  const price = typeof value === 'string' ? toGrid(value, tick, 'exact') : NaN;
  if (price >= 0) return price as Ticks;
  const where = index === undefined ? field : `${field}[${index}][0]`;
  throw fieldError(where, `a decimal as text, a multiple of the tick ${tick.value.toFixed()}`, value);
}

function quantityOf(field: string, value: unknown, { step }: Grid, index?: number): Lots {
  const quantity = typeof value === 'string' ? toGrid(value, step, 'down') : NaN;
  if (quantity >= 0) return quantity as Lots;
  const where = index === undefined ? field : `${field}[${index}][1]`;
  throw fieldError(where, 'a decimal as text', value);
}
