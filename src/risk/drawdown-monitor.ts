import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { system } from '../core/principal.ts';
import type { BookReader } from '../trading/book.ts';
import type { KillSwitch } from './kill-switch.ts';
import { moneyText } from '../core/money-text.ts';

const schema = z.strictObject({
  /** Fall from the highest equity, as a fraction, at which the account is reduced. */
  tripAtFraction: z.number().gt(0).max(1),
});

/** @interface */
export type DrawdownMonitorOptions = z.input<typeof schema>;

const BY = system('drawdown-monitor');

/**
 * Trips an account to reducing when its equity has fallen too far. Trips once for a fall, so that what a person has
 * released stays released; armed again once the drawdown has been below the threshold. A
 * restart forgets: it trips again while the fall lasts.
 */
export class DrawdownMonitor {
  readonly #tripAtFraction: number;
  readonly #book: BookReader;
  readonly #killSwitch: KillSwitch;
  readonly #tripped = new Set<string>();

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(
    options: DrawdownMonitorOptions,
    deps: { readonly book: BookReader; readonly killSwitch: KillSwitch },
  ) {
    this.#tripAtFraction = parseOptions('DrawdownMonitor', schema, options).tripAtFraction;
    this.#book = deps.book;
    this.#killSwitch = deps.killSwitch;
  }

  /** Call it after marks have moved. Equity that is unknown does not trip: entries are denied for that anyway. */
  check(): void {
    for (const { accountId, drawdownFraction, equity, highWater } of this.#book.accounts()) {
      if (drawdownFraction < this.#tripAtFraction) this.#tripped.delete(accountId);
      if (!(drawdownFraction >= this.#tripAtFraction) || this.#tripped.has(accountId)) continue;
      this.#tripped.add(accountId);
      void this.#killSwitch.trip({
        scope: { kind: 'account', id: accountId },
        to: 'reducing',
        reason: `drawdown ${percent(drawdownFraction)} of ${moneyText(highWater)} reached ${percent(this.#tripAtFraction)}, equity ${moneyText(equity)}`,
        by: BY,
      });
    }
  }
}

const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`;
