import { onDispose } from '../core/clock.ts';
import type { Condition } from './condition.ts';
import type { KillRecord } from './kill-record.ts';
import { type Scoped, type TradingState, inScope, scopeKey, stricter } from './trading-state.ts';

/** What restricts trading at this moment, in memory: what was tripped, what is restrained, and which orders may exit. */
export class Restrictions {
  readonly #venue: string | undefined;
  #tripped: ReadonlyMap<string, KillRecord>;
  readonly #restraints = new Map<object, KillRecord>();
  readonly #conditions = new Set<Condition>();
  readonly #permits = new Map<string, number>();
  /** Both kinds in one list, since every order asks. */
  #all: readonly KillRecord[] = [];

  /** @param venue where all orders go to; without it, where the one who asks says, and else it may be any */
  constructor(records: readonly KillRecord[], venue: string | undefined) {
    this.#venue = venue;
    this.#tripped = new Map(records.map((record) => [scopeKey(record.scope), record]));
    this.#relist();
  }

  /** The state that applies to an order; without one, the strictest anywhere. */
  stateOf(order?: Scoped, venue?: string): TradingState {
    if (this.#all.length === 0 && this.#conditions.size === 0) return 'active';
    const state = this.deciding(order, venue)?.state ?? 'active';
    return state === 'halted' && this.#mayExit(order) ? 'reducing' : state;
  }

  /** The strictest that concerns an order; of several, what was tripped before what is restrained, then the oldest. */
  deciding(order?: Scoped, venue = this.#venue): KillRecord | undefined {
    let deciding: KillRecord | undefined;
    for (const record of this.#all) {
      if (isStricter(record, deciding, order, venue)) deciding = record;
    }
    for (const { standing } of this.#conditions) {
      if (standing !== undefined && isStricter(standing, deciding, order, venue)) deciding = standing;
    }
    return deciding;
  }

  tripped(key: string): KillRecord | undefined {
    return this.#tripped.get(key);
  }

  get allTripped(): Iterable<KillRecord> {
    return this.#tripped.values();
  }

  /** Also of the conditions that are not fine now. */
  get allRestraints(): Iterable<KillRecord> {
    const standing = [...this.#conditions].flatMap((condition) => condition.standing ?? []);
    return [...this.#restraints.values(), ...standing];
  }

  setTripped(key: string, record: KillRecord | undefined): void {
    const tripped = new Map(this.#tripped);
    if (record === undefined) tripped.delete(key);
    else tripped.set(key, record);
    this.#tripped = tripped;
    this.#relist();
  }

  setRestraint(owner: object, record: KillRecord | undefined): void {
    if (record === undefined) this.#restraints.delete(owner);
    else this.#restraints.set(owner, record);
    this.#relist();
  }

  /** Until disposed, every order asks it. */
  addCondition(condition: Condition): Disposable {
    this.#conditions.add(condition);
    return onDispose(() => void this.#conditions.delete(condition));
  }

  /** Until disposed, halted counts as reducing for this order. */
  permitExit(clientOrderId: string): Disposable {
    this.#permits.set(clientOrderId, (this.#permits.get(clientOrderId) ?? 0) + 1);
    let isOver = false;
    return onDispose(() => {
      if (isOver) return;
      isOver = true;
      const left = (this.#permits.get(clientOrderId) ?? 0) - 1;
      if (left > 0) this.#permits.set(clientOrderId, left);
      else this.#permits.delete(clientOrderId);
    });
  }

  #mayExit(order: Scoped | undefined): boolean {
    return order?.clientOrderId !== undefined && this.#permits.has(order.clientOrderId);
  }

  #relist(): void {
    this.#all = [...this.#tripped.values(), ...this.#restraints.values()];
  }
}

/** Whether a record concerns an order, and is stricter than what decides so far. */
const isStricter = (
  { scope, state }: KillRecord,
  than: KillRecord | undefined,
  order: Scoped | undefined,
  venue: string | undefined,
): boolean =>
  (order === undefined || inScope(scope, order, venue)) &&
  (than === undefined || stricter(than.state, state) !== than.state);
