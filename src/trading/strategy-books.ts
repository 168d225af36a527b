import { type Units, add, sub, units } from '../core/units.ts';
import type { Cell } from './book-cell.ts';
import { type Share, byStrategy } from './book-share.ts';
import type { StrategyOpen } from './saved-book.ts';

interface StrategyBook {
  readonly parts: { readonly cell: Cell; readonly share: Share }[];
  /** What it had earned when the day began. */
  dayOpen: Units;
}

const NONE = units(0);

/** What each strategy of an account has earned, over all instruments. Only the Book has it. */
export class StrategyBooks {
  readonly #books = new Map<string, StrategyBook>();

  ids(): Iterable<string> {
    return this.#books.keys();
  }

  /** Opens the share of a strategy in a cell. */
  open(cell: Cell, strategyId: string): Share {
    const share = cell.openShare(strategyId);
    this.#open(strategyId).parts.push({ cell, share });
    return share;
  }

  /** Takes over the shares that a cell has. */
  take(cell: Cell): void {
    for (const share of cell.shares()) this.#open(share.strategyId).parts.push({ cell, share });
  }

  pnl(strategyId: string): Units {
    let sum = NONE;
    for (const { cell, share } of this.#books.get(strategyId)?.parts ?? [])
      sum = add(sum, cell.profitOf(share));
    return sum;
  }

  dayPnl(strategyId: string): Units {
    return sub(this.pnl(strategyId), this.#books.get(strategyId)?.dayOpen ?? NONE);
  }

  /** What each would begin a new day with. Where that is unknown the day goes on. */
  opens(): StrategyOpen[] {
    const opens = Array.from(this.#books, ([strategyId, { dayOpen }]) => {
      const pnl = this.pnl(strategyId);
      return { strategyId, pnl: Number.isNaN(pnl) ? dayOpen : pnl };
    });
    return opens.filter(({ pnl }) => pnl !== 0).sort(byStrategy);
  }

  /** @param opens `undefined`: unknown */
  openDay(opens: readonly StrategyOpen[] | undefined): void {
    for (const book of this.#books.values()) book.dayOpen = opens === undefined ? units(NaN) : NONE;
    if (opens !== undefined) this.restore(opens);
  }

  restore(opens: readonly StrategyOpen[]): void {
    for (const { strategyId, pnl } of opens) this.#open(strategyId).dayOpen = pnl;
  }

  snapshot(): StrategyOpen[] {
    const opens = Array.from(this.#books, ([strategyId, { dayOpen }]) => ({ strategyId, pnl: dayOpen }));
    return opens.filter(({ pnl }) => pnl !== 0).sort(byStrategy);
  }

  #open(strategyId: string): StrategyBook {
    const present = this.#books.get(strategyId);
    if (present !== undefined) return present;
    const book: StrategyBook = { parts: [], dayOpen: NONE };
    this.#books.set(strategyId, book);
    return book;
  }
}
