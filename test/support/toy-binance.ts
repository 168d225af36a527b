import { type Server, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { toText } from '../../src/core/index.ts';
import { BinanceDecoder, MarketTracker } from '../../src/market-data/index.ts';
import { ManualClock } from '../../src/core/index.ts';
import type { BookSnapshot, Instrument, Level } from '../../src/trading/index.ts';

export interface ToyBinanceRequest {
  readonly method: string;
  readonly params: readonly string[];
  readonly id: unknown;
}

/** What becomes of a message on its way to the clients. */
export type OnWire = 'sent' | 'lost' | 'twice';

/**
 * An exchange on real sockets that speaks as Binance spot does: combined streams, SUBSCRIBE and UNSUBSCRIBE with answers, the
 * book over REST. It plays raw messages of a recording, as far as a test lets it.
 */
export class ToyBinance implements AsyncDisposable {
  readonly requests: ToyBinanceRequest[] = [];
  /** Queries of the book. */
  readonly asked: string[] = [];
  /** How many connections there have been. */
  connections = 0;
  /** While set, nobody gets an answer over REST. */
  holdsBooks = false;
  readonly #messages: readonly string[];
  readonly #instrument: Instrument;
  readonly #clients = new Map<WebSocket, Set<string>>();
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  /** What is true, whatever got lost on the way. */
  readonly #truth: MarketTracker;
  readonly #decoder: BinanceDecoder;
  #at = 0;
  #waiting: (() => void)[] = [];

  private constructor(messages: readonly string[], instrument: Instrument) {
    this.#messages = messages;
    this.#instrument = instrument;
    this.#decoder = new BinanceDecoder([instrument]);
    this.#truth = new MarketTracker(
      { maxWaitingDiffs: 10_000 },
      { instrumentId: instrument.instrumentId, clock: new ManualClock() },
    );
    this.#http = createServer((request, response) => {
      const url = request.url ?? '';
      this.asked.push(url);
      const answer = (): void => {
        const book = this.book();
        response.statusCode = book === undefined ? 503 : 200;
        response.end(book === undefined ? '{}' : JSON.stringify(this.#written(book)));
      };
      if (this.holdsBooks) this.#waiting.push(answer);
      else answer();
    });
    this.#sockets = new WebSocketServer({ server: this.#http, path: '/stream' });
    this.#sockets.on('connection', (client) => this.#connected(client));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async listen(messages: readonly string[], instrument: Instrument): Promise<ToyBinance> {
    const toy = new ToyBinance(messages, instrument);
    await new Promise<void>((resolve) => toy.#http.listen(0, '127.0.0.1', resolve));
    return toy;
  }

  get host(): string {
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Messages that are left. */
  get left(): number {
    return this.#messages.length - this.#at;
  }

  /** The book as it is. */
  book(): BookSnapshot | undefined {
    return this.#truth.snapshot();
  }

  /** Clients that have subscribed to so many streams. */
  subscribers(streams: number): number {
    return [...this.#clients.values()].filter(({ size }) => size === streams).length;
  }

  /** Lets the next messages happen, and sends them to whoever listens. */
  async play(count: number, onWire: (message: string) => OnWire = () => 'sent'): Promise<void> {
    for (const end = Math.min(this.#at + count, this.#messages.length); this.#at < end; this.#at += 1) {
      const message = this.#messages[this.#at] ?? '';
      const parsed = JSON.parse(message) as { readonly stream?: string };
      this.#truth.apply(this.#decoder.decode(parsed, 0));
      if (parsed.stream === undefined) continue; // a book is for REST
      const fate = onWire(message);
      for (const [client, streams] of this.#clients) {
        if (!streams.has(parsed.stream) || fate === 'lost') continue;
        client.send(message);
        if (fate === 'twice') client.send(message);
      }
      if (this.#at % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Sends this to everybody. */
  say(message: unknown): void {
    for (const client of this.#clients.keys()) client.send(JSON.stringify(message));
  }

  /** Cuts all connections without a word. */
  cut(): void {
    for (const client of this.#clients.keys()) client.terminate();
    this.#clients.clear();
  }

  releaseBooks(): void {
    this.holdsBooks = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #connected(client: WebSocket): void {
    this.connections += 1;
    const streams = new Set<string>();
    this.#clients.set(client, streams);
    client.on('close', () => this.#clients.delete(client));
    client.on('message', (data: Buffer) => {
      const request = JSON.parse(data.toString()) as ToyBinanceRequest;
      this.requests.push(request);
      const { method, params, id } = request;
      if (params.some((name) => name.startsWith('nosuch'))) {
        client.send(JSON.stringify({ error: { code: 2, msg: 'Invalid request' }, id }));
        return;
      }
      for (const name of params) {
        if (method === 'SUBSCRIBE') streams.add(name);
        else streams.delete(name);
      }
      client.send(JSON.stringify({ result: null, id }));
    });
  }

  #written({ updateId, bids, asks }: BookSnapshot): unknown {
    const { tick, step } = this.#instrument.grid;
    const side = (levels: readonly Level[]): unknown =>
      levels.map(({ price, quantity }) => [toText(price, tick), toText(quantity, step)]);
    return { lastUpdateId: updateId, bids: side(bids), asks: side(asks) };
  }
}
