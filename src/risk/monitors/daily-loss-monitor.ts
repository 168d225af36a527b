import { z } from 'zod';
import { moneySchema } from '../../core/money-schema.ts';
import { moneyText } from '../../core/money-text.ts';
import { parseOptions } from '../../core/options.ts';
import { neg } from '../../core/units.ts';
import type { BookReader } from '../../trading/book.ts';
import type { KillSwitch } from '../kill-switch.ts';
import { restrictedSchema } from '../scope-schema.ts';
import type { Monitor } from './monitor.ts';
import { Occurrences } from './occurrences.ts';

const schema = z.strictObject({
  /** Loss since the day's open, open positions included, at which the account is restricted. Above 0. */
  tripAtLoss: moneySchema.refine(
    (loss) => loss > 0,
    'expected more than 0: a day without a loss must not trip',
  ),
  to: restrictedSchema.default('reducing'),
});

/** @interface */
export type DailyLossMonitorOptions = z.input<typeof schema>;

/**
 * Trips an account that has lost too much since the open of the trading day. Deposits are no profit, withdrawals no loss.
 * Once for a loss; armed again when the loss has been smaller, or a new day has begun.
 */
export class DailyLossMonitor implements Monitor {
  readonly name = 'daily-loss-monitor';
  readonly #options: z.output<typeof schema>;
  readonly #book: Pick<BookReader, 'accounts'>;
  readonly #losses: Occurrences;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(
    options: DailyLossMonitorOptions,
    deps: { readonly book: Pick<BookReader, 'accounts'>; readonly killSwitch: Pick<KillSwitch, 'trip'> },
  ) {
    this.#options = parseOptions('DailyLossMonitor', schema, options);
    this.#book = deps.book;
    this.#losses = new Occurrences(this.name, deps.killSwitch);
  }

  /** Call it after marks have moved. Equity that is unknown does not trip: entries are denied for that anyway. */
  check(): void {
    const { tripAtLoss, to } = this.#options;
    const floor = neg(tripAtLoss);
    for (const { accountId, dayPnl, dayOpen } of this.#book.accounts()) {
      if (dayPnl > floor) this.#losses.isOver(accountId);
      if (dayPnl <= floor) {
        this.#losses.lasts(accountId, () => ({
          scope: { kind: 'account', id: accountId },
          to,
          reason: `loss of the day ${moneyText(neg(dayPnl))} reached ${moneyText(tripAtLoss)}, day open ${moneyText(dayOpen)}`,
        }));
      }
    }
  }
}
