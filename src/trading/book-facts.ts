import { ZERO } from '../core/decimal.ts';
import { type Units, abs, lots } from '../core/units.ts';
import { attribute } from './attribution.ts';
import { bears, bearsIn } from './bears.ts';
import type { Account } from './book-account.ts';
import type { Mark } from './book-cell.ts';
import { ADJUSTMENT, FUNDING } from './book-share.ts';
import { adjustmentOf } from './booking.ts';
import type { Adjustment, Flow, Funding, SavedBook } from './saved-book.ts';

/** What became of a fact: `unsafe` would make money leave the range in which it is exact, and leaves no trace. */
export type Booked = 'applied' | 'duplicate' | 'unsafe';

const NO_LOTS = lots(0);

/** What moves money or positions, and is no fill: each counts once, by its id. Only the Book has it. */
export class BookFacts {
  readonly #adjustments = new Set<string>();
  readonly #flows = new Set<string>();
  readonly #fundings = new Set<string>();

  restore({ adjustments, flows = [], fundings = [] }: SavedBook): void {
    for (const id of adjustments) this.#adjustments.add(id);
    for (const id of flows) this.#flows.add(id);
    for (const id of fundings) this.#fundings.add(id);
  }

  snapshot(): Pick<SavedBook, 'adjustments' | 'flows' | 'fundings'> {
    return {
      adjustments: [...this.#adjustments],
      flows: [...this.#flows],
      fundings: [...this.#fundings],
    };
  }

  adjust(account: Account, { adjustmentId, position, cash }: Adjustment, mark: Mark | undefined): Booked {
    if (this.#adjustments.has(adjustmentId)) return 'duplicate';
    const booking = position && adjustmentOf(account.cellOf(position.instrument), position);
    if (!bears(account, cash, booking, mark)) return 'unsafe';
    this.#adjustments.add(adjustmentId);
    if (booking !== undefined && position !== undefined) {
      const cell = account.openCell(booking.instrument);
      account.update(cell, mark, () => {
        // Spot comes without being paid for; on margin it counts from its price.
        const cash = cell.isLinear ? cell.cost.minus(booking.cost) : ZERO;
        const { qty, price } = position;
        attribute(account, cell, ADJUSTMENT, { pos: qty, cash, quantity: abs(qty), price });
        cell.take(booking);
      });
      cell.ledger.adjusted = cell.ledger.adjusted.minus(booking.paid);
    }
    account.ledgers.own.adjusted = account.adjusted.plus(cash);
    account.addCash(cash);
    account.raiseHighWater();
    return 'applied';
  }

  fund(account: Account, { fundingId, instrument, amount }: Funding): Booked {
    if (this.#fundings.has(fundingId)) return 'duplicate';
    const { isOwn } = account.ledgers.of(instrument.quote);
    if (!(isOwn ? bears(account, amount) : bearsIn(account, instrument.quote, amount))) return 'unsafe';
    this.#fundings.add(fundingId);
    const cell = account.openCell(instrument);
    account.openShare(cell, FUNDING).take(NO_LOTS, amount);
    cell.funding = cell.funding.plus(amount);
    account.addCash(amount, cell.ledger);
    account.raiseHighWater();
    return 'applied';
  }

  flow(account: Account, { flowId, amount }: Flow, highWater: Units | undefined): Booked {
    if (this.#flows.has(flowId)) return 'duplicate';
    if (!bears(account, amount)) return 'unsafe';
    this.#flows.add(flowId);
    account.flow(amount, highWater);
    return 'applied';
  }
}
