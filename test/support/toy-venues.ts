import type { ExchangeConfigInput } from '../../examples/toy-exchange/config.ts';
import { SystemClock } from '../../src/core/index.ts';
import type { VenueUnderTest } from '../../src/testing/venue-contract.ts';
import { defineInstrument } from '../../src/trading/index.ts';
import { ToyWorld, until } from './toy-exchange.ts';

type Listing = ExchangeConfigInput['instruments'] extends (infer L)[] | undefined ? L : never;

export interface ToyVenuesOptions {
  readonly listing: Pick<Listing, 'tick' | 'step'> &
    Partial<Pick<Listing, 'minNotional' | 'makerFeeRate' | 'takerFeeRate'>>;
  readonly latencyMs: number;
  /** How many fresh ones there are. */
  readonly count: number;
}

const BALANCE = '1000000';

/** One exchange process with many accounts and instruments, so that each case of a contract gets some that are fresh. */
export class ToyVenues implements AsyncDisposable {
  readonly #world: ToyWorld;
  readonly #options: ToyVenuesOptions;
  #used = 0;

  private constructor(world: ToyWorld, options: ToyVenuesOptions) {
    this.#world = world;
    this.#options = options;
  }

  static async start(options: ToyVenuesOptions): Promise<ToyVenues> {
    const { listing, latencyMs, count } = options;
    const all = Array.from({ length: count }, (_, n) => n + 1);
    const config: ExchangeConfigInput = {
      instruments: all.map((n) => ({
        symbol: `S${n}`,
        base: 'ABC',
        quote: 'USD',
        minQuantity: listing.step,
        startPrice: listing.tick,
        ...listing,
      })),
      accounts: all.map((n) => ({ ...keyOf(n), balances: { USD: BALANCE } })),
    };
    return new ToyVenues(await ToyWorld.start({ config, latencyMs, quoted: false }), options);
  }

  async open(): Promise<VenueUnderTest> {
    this.#used += 1;
    const n = this.#used;
    const { tick, step, minNotional } = this.#options.listing;
    const instrumentId = `ABC-${n}`;
    const instrument = defineInstrument({
      instrumentId,
      base: 'ABC',
      quote: 'USD',
      tick,
      step,
      ...(minNotional !== undefined && { minNotional }),
    });
    const world = this.#world;
    const symbol = `S${n}`;
    const clock = new SystemClock();
    const driver = world.silentDriver({ accounts: [keyOf(n)], symbols: { [instrumentId]: symbol } });
    let connected = false;
    const listening = driver.onEvent(({ type }) => {
      connected ||= type === 'connected';
    });
    await until(() => connected);
    listening[Symbol.dispose]();
    await world.exchange.market({ symbol, bids: [], asks: [] });
    return {
      driver,
      instrument,
      accountId: `acc-${n}`,
      balance: BALANCE,
      clock,
      settle: () => clock.sleep(10 + 3 * this.#options.latencyMs),
      quote: (bid, ask, quantity) =>
        world.exchange.market({ symbol, bids: [[bid, quantity]], asks: [[ask, quantity]] }),
      trade: (side, price, quantity) => world.exchange.market({ symbol, trade: { side, price, quantity } }),
      dispose: () => driver.close(),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#world[Symbol.asyncDispose]();
  }
}

const keyOf = (n: number) => ({ accountId: `acc-${n}`, key: `key-${n}`, secret: `secret-of-${n}` });
