import { z } from 'zod';
import { moneyText } from '../../core/money-text.ts';
import { parseOptions } from '../../core/options.ts';
import type { BookReader } from '../../trading/book.ts';
import type { KillSwitch } from '../kill-switch.ts';
import { restrictedSchema } from '../scope-schema.ts';
import type { Monitor } from './monitor.ts';
import { Occurrences } from './occurrences.ts';
import { percent } from './percent.ts';

const schema = z.strictObject({
  /** Fall from the highest equity, as a fraction, at which the account is restricted. */
  tripAtFraction: z.number().gt(0).max(1),
  to: restrictedSchema.default('reducing'),
});

/** @interface */
export type DrawdownMonitorOptions = z.input<typeof schema>;

/**
 * Trips an account when its equity has fallen too far. Trips once for a fall, so that what a person has released stays
 * released; armed again once the drawdown has been below the threshold. The high-water mark stays what it was, whatever
 * is tripped or released. A restart forgets: it trips again while the fall lasts.
 */
export class DrawdownMonitor implements Monitor {
  readonly name = 'drawdown-monitor';
  readonly #options: z.output<typeof schema>;
  readonly #book: Pick<BookReader, 'accounts'>;
  readonly #falls: Occurrences;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(
    options: DrawdownMonitorOptions,
    deps: { readonly book: Pick<BookReader, 'accounts'>; readonly killSwitch: Pick<KillSwitch, 'trip'> },
  ) {
    this.#options = parseOptions('DrawdownMonitor', schema, options);
    this.#book = deps.book;
    this.#falls = new Occurrences(this.name, deps.killSwitch);
  }

  /** Call it after marks have moved. Equity that is unknown does not trip: entries are denied for that anyway. */
  check(): void {
    const { tripAtFraction, to } = this.#options;
    for (const { accountId, drawdownFraction, equity, highWater } of this.#book.accounts()) {
      if (drawdownFraction < tripAtFraction) this.#falls.isOver(accountId);
      if (drawdownFraction >= tripAtFraction) {
        this.#falls.lasts(accountId, () => ({
          scope: { kind: 'account', id: accountId },
          to,
          reason: `drawdown ${percent(drawdownFraction)} of ${moneyText(highWater)} reached ${percent(tripAtFraction)}, equity ${moneyText(equity)}`,
        }));
      }
    }
  }
}
