import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import { system } from '../../core/principal.ts';
import { messageOf } from '../../core/message-of.ts';
import type { KillSwitch } from '../kill-switch.ts';
import type { Monitor } from './monitor.ts';

const schema = z.strictObject({
  /** How often it looks once it is started. */
  everyMs: z.number().min(1).default(1_000),
});

/** @interface */
export type WatchOptions = z.input<typeof schema>;

export interface WatchDeps {
  readonly monitors: readonly Monitor[];
  readonly killSwitch: Pick<KillSwitch, 'trip'>;
  readonly clock: Pick<Clock, 'every'>;
}

/**
 * Lets monitors look, at an interval or when it is told to. One that throws restricts the firm to reducing in its own
 * name, once until it works again, and stops none of the others.
 */
export class Watch {
  readonly #everyMs: number;
  readonly #deps: WatchDeps;
  readonly #failing = new Set<Monitor>();
  #timer: Disposable | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: WatchOptions, deps: WatchDeps) {
    this.#everyMs = parseOptions('Watch', schema, options).everyMs;
    this.#deps = deps;
  }

  /** Looks now. Never throws. */
  check(): void {
    for (const monitor of this.#deps.monitors) {
      try {
        monitor.check();
        this.#failing.delete(monitor);
      } catch (error) {
        this.#failed(monitor, error);
      }
    }
  }

  /** Looks every `everyMs` from now on. A second call is harmless. */
  start(): void {
    this.#timer ??= this.#deps.clock.every(this.#everyMs, () => {
      this.check();
    });
  }

  /** Looks no more by itself. A second call is harmless. */
  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #failed(monitor: Monitor, error: unknown): void {
    if (this.#failing.has(monitor)) return;
    this.#failing.add(monitor);
    const why = messageOf(error);
    void this.#deps.killSwitch.trip({
      to: 'reducing',
      reason: `the monitor failed, so what it watches is not known: ${why}`,
      by: system(monitor.name),
    });
  }
}
