import type { Principal } from '../core/principal.ts';
import type { PublisherDeps } from '../events/background-publisher.ts';
import { type TradingStateChanged, TRADING_STATE_CHANGED } from '../events/catalogue/risk-events.ts';
import { eventId } from '../events/event-id.ts';
import type { PublishOptions } from '../events/event-bus.ts';
import { LatestPublisher } from '../events/latest-publisher.ts';
import type { KillRecord } from './kill-record.ts';
import type { KillSwitch } from './kill-switch.ts';
import type { KillSwitchChange } from './kill-switch-change.ts';
import { type Scope, type TradingState, scopeKey, stricter } from './trading-state.ts';

export interface KillSwitchPublisherDeps extends PublisherDeps {
  readonly killSwitch: Pick<KillSwitch, 'records' | 'restraints' | 'onChange'>;
}

/** What is told of a change besides the states. */
interface Told {
  readonly cause: TradingStateChanged['cause'];
  readonly scope: Scope;
  readonly reason: string;
  readonly by: Principal;
  readonly second?: Principal;
}

const MAX_REASON_LENGTH = 2_000;

/**
 * Tells the bus `risk.trading-state-changed`, until disposed: each trip and release, and a restraint where it changes the state of
 * its scope. What the bus does not take is told again until it has the latest of each scope. What is tripped at the beginning is told again, under the id that it had: to a bus that has it, a duplicate.
 */
export class KillSwitchPublisher implements Disposable {
  readonly #deps: KillSwitchPublisherDeps;
  readonly #publisher: LatestPublisher;
  readonly #listening: Disposable;
  /** What was in force, by scope. Those that are missing: active. */
  readonly #states = new Map<string, TradingState>();
  /** How often a trip of one millisecond was released, of the last of each scope: so that the next one is another event. */
  readonly #released = new Map<string, { readonly atMs: number; readonly times: number }>();

  /** @throws {PortcullisError} `METRIC_CONFLICT` when the registry has another metric of the name */
  constructor(deps: KillSwitchPublisherDeps) {
    this.#deps = deps;
    this.#publisher = new LatestPublisher('kill-switch', deps);
    const { killSwitch } = deps;
    for (const { scope } of killSwitch.restraints()) this.#states.set(scopeKey(scope), this.#now(scope));
    for (const record of killSwitch.records()) {
      this.#states.set(scopeKey(record.scope), this.#now(record.scope));
      this.#tell({ ...record, cause: 'trip' }, undefined, this.#tripOf(record, 'trip'));
    }
    this.#listening = killSwitch.onChange((change) => {
      this.#take(change);
    });
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.#publisher[Symbol.dispose]();
  }

  #take(change: KillSwitchChange): void {
    if (change.kind === 'confirmed' || change.kind === 'failed' || change.kind === 'exit-permitted') return;
    const { record, kind } = change;
    const key = scopeKey(record.scope);
    const before = this.#states.get(key) ?? 'active';
    const now = this.#now(record.scope);
    this.#states.set(key, now);
    switch (kind) {
      case 'tripped':
        this.#tell({ ...record, cause: 'trip' }, before, this.#tripOf(record, 'trip'));
        return;
      case 'released':
        this.#tell({ ...change, scope: record.scope, cause: 'release' }, before, {
          id: this.#tripOf(record, 'release').id,
        });
        this.#released.set(key, { atMs: record.atMs, times: this.#releasesOf(record) + 1 });
        return;
      default:
        if (now !== before)
          this.#tell({ ...record, cause: kind === 'restrained' ? 'restraint' : 'restraint-lifted' }, before);
    }
  }

  #tell(told: Told, from: TradingState | undefined, options?: PublishOptions): void {
    const { cause, scope, reason, by, second } = told;
    this.#publisher.publish(
      scopeKey(scope),
      TRADING_STATE_CHANGED,
      () => ({
        scope: { ...scope },
        from,
        to: this.#now(scope),
        cause,
        reason: reason.slice(0, MAX_REASON_LENGTH),
        by: { kind: by.kind, id: by.id },
        second: second && { kind: second.kind, id: second.id },
      }),
      options,
    );
  }

  /** What is in force in exactly this scope. */
  #now(scope: Scope): TradingState {
    const { killSwitch } = this.#deps;
    const key = scopeKey(scope);
    return [...killSwitch.records(), ...killSwitch.restraints()]
      .filter((record) => scopeKey(record.scope) === key)
      .reduce<TradingState>((strictest, { state }) => stricter(strictest, state), 'active');
  }

  #tripOf(record: KillRecord, what: 'trip' | 'release'): { readonly id: string; readonly atMs: number } {
    const times = this.#releasesOf(record);
    const again = times === 0 ? [] : [times];
    const { scope, state, atMs } = record;
    return { id: eventId(what, scopeKey(scope), state, atMs, ...again), atMs };
  }

  #releasesOf({ scope, atMs }: KillRecord): number {
    const last = this.#released.get(scopeKey(scope));
    return last?.atMs === atMs ? last.times : 0;
  }
}
