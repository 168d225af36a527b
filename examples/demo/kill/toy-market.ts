import { type Clock, lots, ticks, toGrid } from 'portcullis/core';
import { type Instrument, type MarketView } from 'portcullis/trading';

type Side = readonly (readonly [price: string, quantity: string])[];

interface Quote {
  readonly type: string;
  readonly symbol: string;
  readonly bids: Side;
  readonly asks: Side;
}

export interface ToyMarketOptions {
  /** Where the toy exchange is. */
  readonly url: string;
  /** Its symbol by instrument id. */
  readonly symbols: Readonly<Record<string, string>>;
}

const RECONNECT_MS = 20;
/** The exchange tells of no trades of others, so that nothing is said by this. */
const PLENTY = lots(1_000_000_000);

/** The public quotes of the toy exchange as views, over a stream that comes back by itself. */
export class ToyMarket {
  readonly #options: ToyMarketOptions;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #clock: Clock;
  readonly #onView: (view: MarketView) => void;
  #socket: WebSocket | undefined;
  #closed = false;

  constructor(
    options: ToyMarketOptions,
    deps: {
      readonly clock: Clock;
      readonly instruments: readonly Instrument[];
      readonly onView: (view: MarketView) => void;
    },
  ) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#onView = deps.onView;
    this.#instruments = new Map(
      deps.instruments.map((one) => [options.symbols[one.instrumentId] ?? one.instrumentId, one]),
    );
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  #connect(): void {
    const socket = new WebSocket(`${this.#options.url.replace(/^http/, 'ws')}/v1/stream`);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ op: 'follow', symbols: [...this.#instruments.keys()] }));
    });
    socket.addEventListener('message', ({ data }) => {
      const quote = JSON.parse(String(data)) as Quote;
      const instrument = quote.type === 'quote' ? this.#instruments.get(quote.symbol) : undefined;
      if (instrument !== undefined) this.#onView(this.#view(instrument, quote));
    });
    socket.addEventListener('error', () => undefined); // `close` follows
    socket.addEventListener('close', () => {
      if (!this.#closed)
        this.#clock.deadline(RECONNECT_MS, () => {
          if (!this.#closed) this.#connect();
        });
    });
  }

  #view(instrument: Instrument, { bids, asks }: Quote): MarketView {
    const { grid, instrumentId } = instrument;
    const levels = (side: Side) =>
      side.map(([price, quantity]) => ({
        price: ticks(toGrid(price, grid.tick, 'exact')),
        quantity: lots(toGrid(quantity, grid.step, 'exact')),
      }));
    const view = { bids: levels(bids), asks: levels(asks) };
    return {
      instrumentId,
      ...view,
      mark: ticks(Math.floor(((view.bids[0]?.price ?? NaN) + (view.asks[0]?.price ?? NaN)) / 2)),
      recentVolume: PLENTY,
      volumeWindowMs: 60_000,
      receivedMonotonicMs: this.#clock.monotonicMs(),
      receivedMs: this.#clock.nowMs(),
      problems: [],
    };
  }
}
