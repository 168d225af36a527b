import { z } from 'zod';
import { type Units, max, units } from '../../core/units.ts';
import type { SpentSlippage } from '../../execution/spent-slippage.ts';
import { readUnits, writeUnits } from './journal-units.ts';

const text = z.string();

/** What was spent of the slippage budgets of the day, as it stands in the record of the order that spent it. */
export const spentStampSchema = z.object({
  total: text,
  /** By the strategy of the order. */
  strategy: text,
});

type StoredStamp = z.output<typeof spentStampSchema>;

/** The same in checkpoints, for all strategies. */
export const spentSchema = z.object({ total: text, byStrategy: z.array(z.tuple([text, text])) });

/** What was spent of the slippage budgets of the day, this order included. */
export interface SpentStamp {
  readonly strategyId: string;
  readonly total: Units;
  /** By the strategy of the order. */
  readonly strategy: Units;
}

/** Nothing where nothing was spent. */
export const storedStamp = (spent: SpentStamp | undefined): { spent?: StoredStamp } =>
  spent === undefined || spent.total === 0
    ? {}
    : { spent: { total: writeUnits(spent.total), strategy: writeUnits(spent.strategy) } };

/** @throws {PortcullisError} `NUMBER_INVALID` */
const readStamp = (strategyId: string, { total, strategy }: StoredStamp): SpentStamp => ({
  strategyId,
  total: readUnits(total, 'spent.total'),
  strategy: readUnits(strategy, 'spent.strategy'),
});

const NOTHING = units(0);

/** The highest stamps of the trading day that is open. */
export class SpentStamps {
  #total = NOTHING;
  readonly #byStrategy = new Map<string, Units>();

  get value(): SpentSlippage {
    return { total: this.#total, byStrategy: Object.fromEntries(this.#byStrategy) };
  }

  /** Another day begins with nothing. */
  clear(): void {
    this.#total = NOTHING;
    this.#byStrategy.clear();
  }

  note({ strategyId, total, strategy }: SpentStamp): void {
    this.#total = max(this.#total, total);
    this.#byStrategy.set(strategyId, max(this.#byStrategy.get(strategyId) ?? NOTHING, strategy));
  }

  /** @throws {PortcullisError} `NUMBER_INVALID` */
  read(strategyId: string | undefined, spent: StoredStamp | undefined): void {
    if (strategyId !== undefined && spent !== undefined) this.note(readStamp(strategyId, spent));
  }

  stored(): { spent?: z.output<typeof spentSchema> } {
    if (this.#total === 0) return {};
    const byStrategy = [...this.#byStrategy].map(([id, amount]): [string, string] => [
      id,
      writeUnits(amount),
    ]);
    return { spent: { total: writeUnits(this.#total), byStrategy } };
  }

  /** @throws {PortcullisError} `NUMBER_INVALID` */
  restore(stored: z.output<typeof spentSchema> | undefined): void {
    if (stored === undefined) return;
    this.#total = readUnits(stored.total, 'spent.total');
    for (const [id, amount] of stored.byStrategy)
      this.#byStrategy.set(id, readUnits(amount, 'spent.byStrategy'));
  }
}
