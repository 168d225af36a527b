import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { KillSwitch } from '../kill-switch.ts';
import { restrictedSchema, scopeSchema } from '../scope-schema.ts';
import { FIRM, scopeKey } from '../trading-state.ts';
import type { Monitor } from './monitor.ts';
import { Occurrences } from './occurrences.ts';

const schema = z.strictObject({
  /** How long the next beat may take, by the monotonic clock. */
  timeoutMs: z.number().min(1),
  scope: scopeSchema.default(FIRM),
  to: restrictedSchema.default('halted'),
});

/** @interface */
export type DeadManSwitchOptions = z.input<typeof schema>;

/**
 * Trips when whoever beats has stopped to. Never before the first beat. Once for a silence; armed again by the next beat,
 * which releases nothing.
 */
export class DeadManSwitch implements Monitor {
  readonly name = 'dead-man-switch';
  readonly #options: z.output<typeof schema>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #silence: Occurrences;
  readonly #key: string;
  #lastBeatMs: number | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(
    options: DeadManSwitchOptions,
    deps: { readonly killSwitch: Pick<KillSwitch, 'trip'>; readonly clock: Pick<Clock, 'monotonicMs'> },
  ) {
    this.#options = parseOptions('DeadManSwitch', schema, options);
    this.#clock = deps.clock;
    this.#silence = new Occurrences(this.name, deps.killSwitch);
    this.#key = scopeKey(this.#options.scope);
  }

  /** I am alive. A silence that was already too long trips all the same. */
  beat(): void {
    this.check();
    this.#lastBeatMs = this.#clock.monotonicMs();
    this.#silence.isOver(this.#key);
  }

  check(): void {
    if (this.#lastBeatMs === undefined) return;
    const { timeoutMs, scope, to } = this.#options;
    const silentMs = this.#clock.monotonicMs() - this.#lastBeatMs;
    if (silentMs >= 0 && silentMs < timeoutMs) return;
    this.#silence.lasts(this.#key, () => ({
      scope,
      to,
      reason: `no heartbeat for ${silentMs} ms, expected one within ${timeoutMs} ms`,
    }));
  }
}
