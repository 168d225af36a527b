import { type SeededRandom, person, toText } from 'portcullis/core';
import { FIRM, type Scope, scopeKey } from 'portcullis/risk';
import { type OrderIntent, type OrderView, isOpen } from 'portcullis/trading';
import { ACCOUNT, VENUE, instruments } from './market.ts';
import type { TradingSystem } from './trading-system.ts';

const STRATEGIES = ['resting', 'hasty', 'restless'] as const;
const OPERATOR = person('operator');
const MOST_UNDER_WAY = 12;
/** Of the orders asked for, in account currency. */
const CLIP = { from: 200, to: 2_000 };

const SCOPES: readonly Scope[] = [
  FIRM,
  { kind: 'account', id: ACCOUNT.accountId },
  { kind: 'venue', id: VENUE },
  { kind: 'strategy', id: 'hasty' },
  { kind: 'instrument', id: 'BTC-USDT' },
];

/** Several strategies that want everything at once, and an operator who trips and releases. */
export class WildTrader {
  readonly #system: TradingSystem;
  readonly #random: SeededRandom;
  readonly #life: number;
  /** Asked for before: to be asked for again now and then, as whoever does not know would. */
  readonly #past: OrderIntent[];
  #count = 0;
  #underWay = 0;

  constructor(system: TradingSystem, random: SeededRandom, life: number) {
    this.#system = system;
    this.#random = random;
    this.#life = life;
    this.#past = Array.from(system.book.orders(), ({ order }) => order.intent);
  }

  /** One thing that comes to its mind. */
  act(): void {
    const wish = this.#random.next();
    if (wish < 0.025) void this.#trip();
    else if (wish < 0.12) void this.#release();
    else if (wish < 0.16) this.#again();
    else if (wish < 0.28) this.#cancel();
    else if (wish < 0.42) this.#amend();
    else if (this.#underWay < MOST_UNDER_WAY) this.#order();
  }

  /** Asks again for all that had no outcome when it was killed. */
  askAgain(clientOrderIds: readonly string[]): void {
    for (const id of clientOrderIds) {
      const row = this.#system.book.order(id);
      if (row !== undefined) this.#submit(row.order.intent);
    }
  }

  #order(): void {
    const instrument = this.#pick(instruments);
    if (instrument === undefined) return;
    const { instrumentId, grid } = instrument;
    const view = this.#system.book.view(instrumentId);
    const [bid, ask] = [view?.bids[0]?.price, view?.asks[0]?.price];
    if (view === undefined || bid === undefined || ask === undefined) return;
    this.#count += 1;
    const { pos = 0 } = this.#system.book.cell(ACCOUNT.accountId, instrumentId) ?? {};
    const sells = pos > 0 && this.#random.next() < 0.45;
    const worth = this.#random.integer(CLIP.from, CLIP.to);
    const price = view.mark * Number(grid.tick.value.toFixed());
    const steps = Math.max(1, Math.floor(worth / price / Number(grid.step.value.toFixed())));
    const away = this.#random.integer(0, Math.ceil(view.mark * 0.001));
    const limit = toText(sells ? ask + away : bid - away, grid.tick);
    const kind = this.#random.next();
    const touch = toText(sells ? bid : ask, grid.tick);
    this.#submit({
      intentId: `${this.#life}-${this.#count}`,
      accountId: ACCOUNT.accountId,
      strategyId: this.#pick(STRATEGIES) ?? STRATEGIES[0],
      instrumentId,
      side: sells ? 'sell' : 'buy',
      quantity: toText(steps, grid.step),
      ...(sells && { reduceOnly: true }),
      price:
        kind < 0.6
          ? { type: 'limit', limit }
          : kind < 0.8
            ? { type: 'limit', limit: touch, postOnly: false, timeInForce: 'IOC' }
            : { type: 'market', maxSlippageBps: 20 },
    });
  }

  #again(): void {
    const intent = this.#pick(this.#past);
    if (intent !== undefined) this.#submit(intent);
  }

  #submit(intent: OrderIntent): void {
    this.#underWay += 1;
    void this.#system.desk
      .submit(intent)
      .then((outcome) => {
        if (outcome.kind === 'accepted') this.#past.push(intent);
      })
      .finally(() => {
        this.#underWay -= 1;
      });
  }

  #cancel(): void {
    const row = this.#pick(this.#open());
    if (row !== undefined) void this.#system.desk.cancel(row.order.clientOrderId);
  }

  #amend(): void {
    const row = this.#pick(this.#open());
    if (row === undefined) return;
    const { clientOrderId, qty, worst, instrument } = row.order;
    const quantity = Math.max(1, Math.floor(qty * (0.5 + this.#random.next())));
    const price = worst + this.#random.integer(-20, 20);
    void this.#system.desk.amend(clientOrderId, {
      quantity: toText(quantity, instrument.grid.step),
      ...(this.#random.next() < 0.5 && { limit: toText(price, instrument.grid.tick) }),
    });
  }

  async #trip(): Promise<void> {
    const { killSwitch, store, audit } = this.#system;
    if (killSwitch.records().length > 0) return;
    const scope = this.#pick(SCOPES) ?? FIRM;
    const to = this.#random.next() < 0.7 ? 'reducing' : 'halted';
    store.phase = 'trip';
    const { durable } = await killSwitch.trip({ scope, to, reason: 'because it can be', by: OPERATOR });
    if (durable) await audit.record({ kind: 'torture.trip-durable', scope: scopeKey(scope) });
  }

  async #release(): Promise<void> {
    const { killSwitch, store, audit } = this.#system;
    const record = this.#pick(killSwitch.records());
    if (record === undefined) return;
    const { scope } = record;
    await audit.record({ kind: 'torture.release-asked', scope: scopeKey(scope) });
    store.phase = 'release';
    // Tripped again meanwhile, or released by another wish: then it is as it was.
    await killSwitch
      .release({ scope, confirm: scopeKey(scope), reason: 'it is over', by: OPERATOR })
      .catch(() => undefined);
  }

  #open(): OrderView[] {
    return [...this.#system.book.liveOrders()].filter(({ state }) => isOpen(state));
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#random.integer(0, from.length - 1)];
  }
}
