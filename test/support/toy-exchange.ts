import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExchangeConfigInput } from '../../examples/toy-exchange/config.ts';
import { ToyExchangeDriver } from '../../examples/toy-exchange/driver/toy-exchange-driver.ts';
import {
  type RunningExchange,
  type StartOptions,
  startToyExchange,
} from '../../examples/toy-exchange/start.ts';
import { SystemClock, clientOrderId } from '../../src/core/index.ts';
import type { VenueEvent, VenueOrder } from '../../src/desk/venue/venue-driver.ts';

export const GOLD_LISTING = {
  symbol: 'GOLDUSDT',
  base: 'XAU',
  quote: 'USDT',
  tick: '1',
  step: '1',
  minQuantity: '1',
  startPrice: '100',
} as const;

/** GOLD in ticks and lots of 1, one account, no fee unless a test sets one. */
export const configOf = (overrides: Partial<ExchangeConfigInput> = {}): ExchangeConfigInput => ({
  instruments: [GOLD_LISTING],
  accounts: [{ accountId: 'acc', key: 'key-of-acc', secret: 'secret-of-acc', balances: { USDT: '1000000' } }],
  ...overrides,
});

export const SIGNAL = new AbortController().signal;

export const idOf = (name: string): string => clientOrderId('acc', 'test', name);

/** A limit order to buy 10 GOLD at 100. */
export const venueOrderOf = (name: string, overrides: Partial<VenueOrder> = {}): VenueOrder => ({
  clientOrderId: idOf(name),
  accountId: 'acc',
  instrumentId: 'GOLD',
  side: 'buy',
  quantity: '10',
  price: '100',
  postOnly: false,
  timeInForce: 'GTC',
  ...overrides,
});

type WorldOptions = Partial<StartOptions> & { readonly quoted?: boolean };

type DriverOverrides = Partial<ConstructorParameters<typeof ToyExchangeDriver>[0]>;

/** A real exchange process and drivers for it; all ends with the scope. */
export class ToyWorld implements AsyncDisposable {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'portcullis-toy-'));
  readonly #drivers: ToyExchangeDriver[] = [];
  #options: Partial<StartOptions> = {};
  #exchange: RunningExchange | undefined;

  /** @param options `quoted: false` leaves the market as it begins; else GOLD has an empty book */
  static async start({ quoted = true, ...options }: WorldOptions = {}): Promise<ToyWorld> {
    const world = new ToyWorld();
    world.#options = { config: configOf(), heartbeatMs: 50, ...options };
    await world.restart();
    if (quoted) await world.quote([], []);
    return world;
  }

  get exchange(): RunningExchange {
    if (this.#exchange === undefined) throw new Error('the exchange does not run');
    return this.#exchange;
  }

  /** Starts the process, at the port it had before. */
  async restart(): Promise<void> {
    const port = this.#exchange?.port;
    this.#exchange = await startToyExchange({
      dataDir: this.dataDir,
      ...this.#options,
      ...(port !== undefined && { port }),
    });
  }

  quote(bids: [string, string][], asks: [string, string][]): Promise<void> {
    return this.exchange.market({ symbol: 'GOLDUSDT', bids, asks });
  }

  trade(side: 'buy' | 'sell', price: string, quantity: string): Promise<void> {
    return this.exchange.market({ symbol: 'GOLDUSDT', trade: { side, price, quantity } });
  }

  /** A driver whose streams are up, and what it has told so far. */
  async driver(overrides: DriverOverrides = {}): Promise<{ driver: ToyExchangeDriver; told: VenueEvent[] }> {
    const driver = this.silentDriver(overrides);
    const told: VenueEvent[] = [];
    driver.onEvent((event) => told.push(event));
    await until(() => told.some(({ type }) => type === 'connected'));
    return { driver, told };
  }

  /** A driver that nobody listens to. */
  silentDriver(overrides: DriverOverrides = {}): ToyExchangeDriver {
    const driver = new ToyExchangeDriver(
      {
        url: this.exchange.url,
        accounts: [{ accountId: 'acc', key: 'key-of-acc', secret: 'secret-of-acc' }],
        symbols: { GOLD: 'GOLDUSDT' },
        reorderMs: 60,
        reconnectMs: 20,
        ...overrides,
      },
      { clock: new SystemClock() },
    );
    this.#drivers.push(driver);
    return driver;
  }

  /** What the exchange turned away, in its own words. */
  refusals(): string[] {
    const facts = this.exchange.log().flatMap((line) => line.facts);
    return facts.flatMap((fact) => (fact.type === 'refused' ? [fact.code] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const driver of this.#drivers) await driver.close();
    await this.#exchange?.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Waits until something real has happened; a test that never sees it fails by its time limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const clock = new SystemClock();
  while (!(await holds())) await clock.sleep(5);
}
