import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import type { FeedFrame, FeedProtocol, SequenceRange } from '../resilience/index.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { BinanceDecoder } from './binance-decoder.ts';
import { eventFlaw } from './event-flaw.ts';
import { fieldError } from './input-error.ts';
import { PlausibleIds } from './plausible-ids.ts';

/** Asked for in one frame. No limit is documented; frames of more than 400 have been dropped without an answer (altangent/ccxws issue 161, 2020-05). */
const STREAMS_A_FRAME = 200;
/** Requests whose answers are remembered, for what they asked. */
const MOST_PENDING = 100;

/** Which streams of an instrument are wanted. */
export interface BinanceStreams {
  readonly depth: boolean;
  readonly quotes: boolean;
  readonly trades: boolean;
}

export interface BinanceProtocolDeps {
  readonly url: string;
  readonly instruments: readonly Instrument[];
  /** The answer of `GET /api/v3/depth`, parsed. */
  readonly snapshot: (instrument: Instrument, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}

/**
 * The combined streams of Binance spot. A channel is the name of a stream. Changes of a book are numbered by `U` and `u`;
 * snapshots come over REST. By the documents of Binance, "WebSocket Streams" and "How to manage a local order book
 * correctly" (developers.binance.com, looked at 2026-11-21).
 */
export class BinanceProtocol implements FeedProtocol<MarketEvent> {
  readonly #deps: BinanceProtocolDeps;
  readonly #decoder: BinanceDecoder;
  /** By depth stream. */
  readonly #books = new Map<string, { readonly instrument: Instrument; readonly decoder: BinanceDecoder }>();
  /** By instrument id. */
  readonly #names = new Map<string, string>();
  /** By instrument id: books and quotes are numbered alike. */
  readonly #ids = new Map<string, PlausibleIds>();
  readonly #pending = new Map<number, string>();
  #lastId = 0;

  /** @throws {PortcullisError} `OPTION_INVALID` without instruments, or when two have the same symbol; `INSTRUMENT_KIND_UNSUPPORTED` */
  constructor(deps: BinanceProtocolDeps) {
    this.#deps = deps;
    for (const { instrumentId, kind } of deps.instruments) {
      if (kind === 'spot') continue;
      throw new PortcullisError(
        'INSTRUMENT_KIND_UNSUPPORTED',
        `BinanceMarketFeed: ${instrumentId}: expected a spot instrument, as its streams are those of spot, got ${kind}`,
      );
    }
    this.#decoder = new BinanceDecoder(deps.instruments);
    for (const instrument of deps.instruments) {
      const name = `${instrument.base}${instrument.quote}`.toLowerCase();
      this.#names.set(instrument.instrumentId, name);
      this.#ids.set(instrument.instrumentId, new PlausibleIds());
      this.#books.set(depthStream(name), { instrument, decoder: new BinanceDecoder([instrument]) });
    }
  }

  /** The streams of an instrument; `undefined` for one that is not configured. */
  channels(instrumentId: string, { depth, quotes, trades }: BinanceStreams): readonly string[] | undefined {
    const name = this.#names.get(instrumentId);
    if (name === undefined) return undefined;
    return [
      ...(depth ? [depthStream(name)] : []),
      ...(quotes ? [`${name}@bookTicker`] : []),
      ...(trades ? [`${name}@trade`] : []),
    ];
  }

  url(): string {
    return `${this.#deps.url}/stream`;
  }

  subscribe(channels: readonly string[]): readonly string[] {
    return this.#requests('SUBSCRIBE', channels);
  }

  unsubscribe(channels: readonly string[]): readonly string[] {
    return this.#requests('UNSUBSCRIBE', channels);
  }

  /** @throws {PortcullisError} `INPUT_INVALID` or `INSTRUMENT_UNKNOWN`; also for a price, quantity or id that cannot be, so that the change is missing and the book fetched anew */
  decode(frame: string | Uint8Array, receivedMs: number): FeedFrame<MarketEvent> {
    if (typeof frame !== 'string') throw fieldError('(whole)', 'text', 'binary');
    const message: unknown = JSON.parse(frame);
    if (!isObject(message)) throw fieldError('(whole)', 'an object', message);
    if (isShutdown(message) || isShutdown(message['data'])) return { kind: 'closing' };
    if (message['stream'] === undefined) return this.#answer(message);
    const event = this.#decoder.decode(message, receivedMs);
    const flaw = eventFlaw(event) ?? this.#idFlaw(event);
    if (flaw !== undefined) throw fieldError('data', `a possible ${event.type}: ${flaw}`, message['data']);
    return { kind: 'messages', messages: [this.#stamped(event)] };
  }

  channelOf({ type, instrumentId }: MarketEvent): string {
    const name = this.#names.get(instrumentId) ?? instrumentId;
    if (type === 'trade') return `${name}@trade`;
    return type === 'quote' ? `${name}@bookTicker` : depthStream(name);
  }

  sequenceOf(event: MarketEvent): SequenceRange | undefined {
    if (event.type === 'quote' || event.type === 'trade') return undefined;
    const first = event.type === 'diff' ? event.firstUpdateId : event.updateId;
    return { channel: this.channelOf(event), first, last: event.updateId };
  }

  /** @throws what the port throws; {PortcullisError} `INPUT_INVALID` for an answer that is no book */
  async snapshot(channel: string, signal: AbortSignal): Promise<readonly MarketEvent[]> {
    const book = this.#books.get(channel);
    if (book === undefined) return [];
    const answer = await this.#deps.snapshot(book.instrument, signal);
    const event = book.decoder.decode(answer, this.#deps.clock.nowMs());
    const flaw = event.type === 'snapshot' ? (eventFlaw(event) ?? this.#idFlaw(event)) : 'no lastUpdateId';
    if (flaw !== undefined) throw fieldError('(whole)', `a possible book: ${flaw}`, answer);
    return [this.#stamped(event)];
  }

  #idFlaw(event: MarketEvent): string | undefined {
    if (event.type === 'trade') return undefined;
    const first = event.type === 'diff' ? event.firstUpdateId : event.updateId;
    return this.#ids.get(event.instrumentId)?.flaw(first, event.updateId);
  }

  /** As of now, when it has come: it may wait for the consumer. */
  #stamped(event: MarketEvent): MarketEvent {
    return { ...event, receivedMonotonicMs: this.#deps.clock.monotonicMs() };
  }

  #requests(method: string, channels: readonly string[]): readonly string[] {
    const frames: string[] = [];
    for (let at = 0; at < channels.length; at += STREAMS_A_FRAME) {
      const params = channels.slice(at, at + STREAMS_A_FRAME);
      const id = (this.#lastId += 1);
      this.#pending.set(id, `${method} ${params.join(' ')}`);
      frames.push(JSON.stringify({ method, params, id }));
    }
    for (const id of this.#pending.keys()) if (id <= this.#lastId - MOST_PENDING) this.#pending.delete(id);
    return frames;
  }

  /** `{ result: null, id }`, or `{ error: { code, msg }, id }`, or `{ code, msg, id }` as it was until 2024. */
  #answer(message: Fields): FeedFrame<MarketEvent> {
    const { id, error } = message;
    const asked = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (typeof id === 'number') this.#pending.delete(id);
    if ('result' in message && error === undefined) return { kind: 'control' };
    const { code, msg } = isObject(error) ? error : message;
    if (code === undefined && msg === undefined)
      throw fieldError('(whole)', 'a stream or an answer', message);
    const reason = `${JSON.stringify(code ?? null)} ${JSON.stringify(msg ?? null)}`;
    return { kind: 'refused', detail: `${asked ?? 'a request'}: ${reason}` };
  }
}

type Fields = Readonly<Record<string, unknown>>;

const depthStream = (name: string): string => `${name}@depth@100ms`;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const isShutdown = (value: unknown): boolean => isObject(value) && value['e'] === 'serverShutdown';
