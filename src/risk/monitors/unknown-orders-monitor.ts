import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import { system } from '../../core/principal.ts';
import type { OrderView } from '../../trading/order-view.ts';
import type { KillSwitch } from '../kill-switch.ts';
import { restrictedSchema } from '../scope-schema.ts';
import type { Monitor } from './monitor.ts';
import { Occurrences } from './occurrences.ts';

const schema = z.strictObject({
  /** Most orders of an account in state unknown. */
  maxUnknown: z.int().min(0).default(5),
  /** Longest that an order may be unknown, since it was first seen so. */
  maxUnknownAgeMs: z.number().min(0).default(60_000),
  to: restrictedSchema.default('reducing'),
});

/** @interface */
export type UnknownOrdersMonitorOptions = z.input<typeof schema>;

export interface UnknownOrdersMonitorDeps {
  /** The orders to look at. Where there are many, give those that are open: each look passes over all of them. */
  readonly orders: () => Iterable<Pick<OrderView, 'order' | 'state'>>;
  readonly killSwitch: Pick<KillSwitch, 'trip'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * Trips an account of which too many orders are in doubt, or one for too long. Too many: once while they are; too long:
 * once for each order.
 */
export class UnknownOrdersMonitor implements Monitor {
  readonly name = 'unknown-orders-monitor';
  readonly #options: z.output<typeof schema>;
  readonly #deps: UnknownOrdersMonitorDeps;
  readonly #counts: Occurrences;
  /** Those of which it was told that they are unknown for too long. */
  readonly #overdue = new Set<string>();
  /** When each order that is unknown was first seen to be. */
  #since: ReadonlyMap<string, number> = new Map();

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: UnknownOrdersMonitorOptions, deps: UnknownOrdersMonitorDeps) {
    this.#options = parseOptions('UnknownOrdersMonitor', schema, options);
    this.#deps = deps;
    this.#counts = new Occurrences(this.name, deps.killSwitch);
  }

  check(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const since = new Map<string, number>();
    const byAccount = new Map<string, string[]>();
    for (const { order, state } of this.#deps.orders()) {
      if (state !== 'unknown') continue;
      const { accountId, clientOrderId } = order;
      since.set(clientOrderId, this.#since.get(clientOrderId) ?? nowMs);
      const ids = byAccount.get(accountId);
      if (ids === undefined) byAccount.set(accountId, [clientOrderId]);
      else ids.push(clientOrderId);
    }
    this.#since = since;
    for (const [accountId, ids] of byAccount) {
      this.#lookAtCount(accountId, ids.length);
      this.#lookAtAges(accountId, ids, nowMs);
    }
    for (const accountId of [...this.#counts.keys()]) {
      if (!byAccount.has(accountId)) this.#counts.isOver(accountId);
    }
    for (const id of this.#overdue) if (!since.has(id)) this.#overdue.delete(id);
  }

  #lookAtCount(accountId: string, count: number): void {
    const { maxUnknown, to } = this.#options;
    if (count <= maxUnknown) this.#counts.isOver(accountId);
    else {
      this.#counts.lasts(accountId, () => ({
        scope: { kind: 'account', id: accountId },
        to,
        reason: `${count} orders are unknown, more than ${maxUnknown}`,
      }));
    }
  }

  /** One trip for all of an account that have come to be overdue since the last look. */
  #lookAtAges(accountId: string, ids: readonly string[], nowMs: number): void {
    const { maxUnknownAgeMs, to } = this.#options;
    const overdue = ids.filter((id) => {
      const ageMs = nowMs - (this.#since.get(id) ?? NaN);
      return !(ageMs >= 0 && ageMs <= maxUnknownAgeMs) && !this.#overdue.has(id);
    });
    if (overdue.length === 0) return;
    for (const id of overdue) this.#overdue.add(id);
    void this.#deps.killSwitch.trip({
      scope: { kind: 'account', id: accountId },
      to,
      reason: `unknown for longer than ${maxUnknownAgeMs} ms: ${overdue.length} orders, first ${overdue[0] ?? ''}`,
      by: system(this.name),
    });
  }
}
