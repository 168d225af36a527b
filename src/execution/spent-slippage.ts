import { PortcullisError } from '../core/errors.ts';
import type { DayId } from '../core/trading-day.ts';
import { type Units, add, units } from '../core/units.ts';

/** What orders of one trading day were allowed in slippage: plain numbers, to be kept with the orders. */
export interface SpentSlippage {
  readonly total: Units;
  /** By strategy id. */
  readonly byStrategy: Readonly<Record<string, Units>>;
}

/** More than any budget holds. */
const ALL = units(Number.MAX_SAFE_INTEGER);
const NOTHING = units(0);

/** The part of it that one strategy was allowed, beside the total. */
export interface SpentBy {
  readonly strategyId: string;
  readonly total: Units;
  readonly strategy: Units;
}

/** Counts the slippage of one trading day, in all and by strategy. Another day begins with nothing. */
export class SlippageCounters {
  readonly #byStrategy = new Map<string, Units>();
  #dayId: DayId = '';
  #total = NOTHING;

  total(dayId: DayId): Units {
    return this.#dayId === dayId ? this.#total : NOTHING;
  }

  of(dayId: DayId, strategyId: string): Units {
    return this.#dayId === dayId ? (this.#byStrategy.get(strategyId) ?? NOTHING) : NOTHING;
  }

  /** What nobody can count any more is more than any budget. */
  on(dayId: DayId): SpentSlippage {
    const strategies = this.#dayId === dayId ? [...this.#byStrategy] : [];
    const byStrategy = Object.fromEntries(strategies.map(([id, amount]) => [id, countable(amount)]));
    return { total: countable(this.total(dayId)), byStrategy };
  }

  /** As `on`, for one strategy: it need not look at all of them. */
  by(dayId: DayId, strategyId: string): SpentBy {
    const [total, strategy] = [countable(this.total(dayId)), countable(this.of(dayId, strategyId))];
    return { strategyId, total, strategy };
  }

  /** An amount that nobody knows, NaN, makes the counters so for the rest of the day. */
  spend(dayId: DayId, strategyId: string, amount: Units): void {
    this.#turnTo(dayId);
    this.#total = add(this.#total, amount);
    this.#byStrategy.set(strategyId, add(this.of(dayId, strategyId), amount));
  }

  /**
   * Takes over what was spent before. Never lowers what has been counted since, and forgets nothing for an earlier day.
   *
   * @throws {PortcullisError} `INPUT_INVALID` for an amount that is not a whole number of millionths, 0 or more
   */
  restore(dayId: DayId, { total, byStrategy }: SpentSlippage): void {
    const strategies = Object.entries(byStrategy);
    checkAmount('total', total);
    for (const [strategyId, amount] of strategies) checkAmount(`byStrategy.${strategyId}`, amount);
    if (dayId < this.#dayId) return;
    this.#turnTo(dayId);
    this.#total = larger(this.#total, total);
    for (const [strategyId, amount] of strategies)
      this.#byStrategy.set(strategyId, larger(this.of(dayId, strategyId), amount));
  }

  #turnTo(dayId: DayId): void {
    if (this.#dayId === dayId) return;
    this.#dayId = dayId;
    this.#total = NOTHING;
    this.#byStrategy.clear();
  }
}

const countable = (amount: Units): Units => (amount <= ALL ? amount : ALL);
/** `counted` may be NaN; then it stays so. */
const larger = (counted: Units, restored: Units): Units => (restored > counted ? restored : counted);

function checkAmount(field: string, amount: unknown): void {
  if (Number.isSafeInteger(amount) && Number(amount) >= 0) return;
  throw new PortcullisError(
    'INPUT_INVALID',
    `ExecutionPolicy: spent slippage: ${field}: expected a whole number of millionths, 0 or more, got ${String(amount)}`,
  );
}
