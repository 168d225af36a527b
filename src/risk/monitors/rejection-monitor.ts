import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { OrderOutcome } from '../../trading/order-outcome.ts';
import type { KillSwitch } from '../kill-switch.ts';
import { restrictedSchema } from '../scope-schema.ts';
import type { Monitor } from './monitor.ts';
import { Occurrences } from './occurrences.ts';
import { percent } from './percent.ts';
import { RollingShare } from './rolling-share.ts';

const schema = z.strictObject({
  /** What is counted together, and restricted. */
  per: z.enum(['strategy', 'account']).default('strategy'),
  /** How far back it looks; an order may count a twentieth longer. */
  windowMs: z.number().min(1).default(60_000),
  /** Share of the sent orders that the venue rejected, as a fraction, at which it trips. */
  tripAtFraction: z.number().gt(0).max(1),
  /** Fewest sent orders in the window from which it judges. */
  minSample: z.int().min(1).default(20),
  to: restrictedSchema.default('reducing'),
});

/** @interface */
export type RejectionMonitorOptions = z.input<typeof schema>;

/** What became of one order. */
export interface SentOrder {
  readonly accountId: string;
  readonly strategyId: string;
  /** What `submit` returned. What was denied or a duplicate was not sent, and is not counted. */
  readonly outcome: OrderOutcome['kind'];
}

/**
 * Trips a strategy or an account when the venue rejects too many of its orders. Once while it lasts; armed again when the
 * share has been lower, or the window holds too few orders to judge.
 */
export class RejectionMonitor implements Monitor {
  readonly name = 'rejection-monitor';
  readonly #options: z.output<typeof schema>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #occurrences: Occurrences;
  readonly #shares = new Map<string, RollingShare>();

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(
    options: RejectionMonitorOptions,
    deps: { readonly killSwitch: Pick<KillSwitch, 'trip'>; readonly clock: Pick<Clock, 'monotonicMs'> },
  ) {
    this.#options = parseOptions('RejectionMonitor', schema, options);
    this.#clock = deps.clock;
    this.#occurrences = new Occurrences(this.name, deps.killSwitch);
  }

  /** Counts what became of an order, and looks at those that it is counted with. */
  observe({ accountId, strategyId, outcome }: SentOrder): void {
    if (outcome !== 'accepted' && outcome !== 'rejected' && outcome !== 'unknown') return;
    const id = this.#options.per === 'strategy' ? strategyId : accountId;
    const share = this.#shares.get(id) ?? new RollingShare(this.#options.windowMs);
    this.#shares.set(id, share);
    share.add(outcome === 'rejected', this.#clock.monotonicMs());
    this.#look(id, share);
  }

  check(): void {
    for (const [id, share] of this.#shares) this.#look(id, share);
  }

  #look(id: string, share: RollingShare): void {
    const { per, windowMs, tripAtFraction, minSample, to } = this.#options;
    const { count, hits } = share.read(this.#clock.monotonicMs());
    if (count >= minSample && hits / count >= tripAtFraction) {
      this.#occurrences.lasts(id, () => ({
        scope: { kind: per, id },
        to,
        reason: `the venue rejected ${hits} of ${count} orders within ${windowMs} ms, ${percent(tripAtFraction)} was reached`,
      }));
    } else this.#occurrences.isOver(id);
  }
}
