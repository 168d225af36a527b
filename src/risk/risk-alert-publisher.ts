import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { BackgroundPublisher, type PublisherDeps } from '../events/background-publisher.ts';
import { numberOf } from '../events/catalogue/event-fields.ts';
import { RISK_ALERT_RAISED, type RiskAlertRaised } from '../events/catalogue/risk-events.ts';
import { ChangeInterval } from '../events/change-interval.ts';
import { DENIAL_CATALOGUE, type Denial } from '../trading/denial.ts';
import { alertSeverity } from './alert-severity.ts';
import { type LimitUsage, limitUsage } from './limit-usage.ts';
import type { RiskGuard } from './risk-guard.ts';
import { scopeSchema } from './scope-schema.ts';
import { type Scope, scopeKey } from './trading-state.ts';

const schema = z.strictObject({
  /** One alert of a kind for each interval, milliseconds: the first at once, then how often it has been. */
  everyMs: z.number().min(1).default(60_000),
  /** How often the limits of accounts are looked at, milliseconds. */
  checkEveryMs: z.number().min(1).default(1_000),
  /** The share of a limit from which on there is a warning. */
  warnAtFraction: z.number().gt(0).max(1).default(0.8),
});

/** @interface */
export type RiskAlertPublisherOptions = z.input<typeof schema>;

export interface RiskAlertPublisherDeps extends PublisherDeps {
  readonly guard: Pick<RiskGuard, 'limits' | 'book'>;
}

/** What a desk decided about an order, as far as alerts need it: `OrderDesk` tells it as `decided`. */
export interface DecidedOrder {
  readonly intent: { readonly accountId: string };
  readonly denials: readonly Denial[];
}

type Alert = Omit<RiskAlertRaised, 'count' | 'firstMs' | 'lastMs'>;

/**
 * Tells the bus `risk.alert-raised`, until disposed: what limits deny, once it is given that, and accounts that use much of a
 * limit (`LIMIT_NEAR`) or all of it (`LIMIT_REACHED`), of the daily loss, drawdown, position size, total exposure and number of positions.
 * Alerts of one code, gate and scope count as one for each interval.
 */
export class RiskAlertPublisher implements Disposable {
  readonly #options: z.output<typeof schema>;
  readonly #deps: RiskAlertPublisherDeps;
  readonly #publisher: BackgroundPublisher;
  readonly #interval: ChangeInterval;
  readonly #checking: Disposable;
  readonly #waiting = new Map<string, RiskAlertRaised>();
  /** What was said last of a limit of an account that is used much. */
  readonly #used = new Map<string, 'LIMIT_NEAR' | 'LIMIT_REACHED'>();

  /** @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the registry has another metric of the name */
  constructor(options: RiskAlertPublisherOptions, deps: RiskAlertPublisherDeps) {
    this.#options = parseOptions('RiskAlertPublisher', schema, options);
    this.#deps = deps;
    this.#publisher = new BackgroundPublisher('risk-guard', deps);
    const { everyMs, checkEveryMs } = this.#options;
    this.#interval = new ChangeInterval({ everyMs, firstAtOnce: true }, deps.clock, (key) => {
      this.#tell(key);
    });
    this.#checking = deps.clock.every(checkEveryMs, () => {
      this.check();
    });
  }

  /** To be called with what a desk has decided, whatever it was. */
  decided({ intent, denials }: DecidedOrder): void {
    for (const { gate, code, measured, limit, note } of denials) {
      const severity = alertSeverity(code);
      if (severity === undefined) continue;
      const detail = note === undefined ? DENIAL_CATALOGUE[code] : `${DENIAL_CATALOGUE[code]} ${note}`;
      this.#raise({ code, severity, scope: scopeOf(gate, intent.accountId), detail, gate, measured, limit });
    }
  }

  /** Looks at the limits of all accounts now. */
  check(): void {
    const { guard } = this.#deps;
    for (const account of guard.book.accounts())
      for (const usage of limitUsage(account, guard.limits)) this.#use(account.accountId, usage);
  }

  [Symbol.dispose](): void {
    this.#checking[Symbol.dispose]();
    this.#interval[Symbol.dispose]();
  }

  #use(accountId: string, { gate, fraction, measured, limit }: LimitUsage): void {
    const key = `${gate} ${accountId}`;
    const before = this.#used.get(key);
    if (!(fraction >= this.#options.warnAtFraction)) {
      if (fraction < this.#options.warnAtFraction) this.#used.delete(key);
      return;
    }
    const code = fraction >= 1 ? 'LIMIT_REACHED' : 'LIMIT_NEAR';
    if (before === code || before === 'LIMIT_REACHED') return;
    this.#used.set(key, code);
    const severity = code === 'LIMIT_REACHED' ? 'critical' : 'warning';
    const detail = `${(fraction * 100).toFixed(1)} % of the limit is used.`;
    this.#raise({ code, severity, scope: { kind: 'account', id: accountId }, detail, gate, measured, limit });
  }

  #raise(alert: Alert): void {
    const key = `${alert.code} ${alert.gate ?? ''} ${scopeKey(alert.scope)}`;
    const nowMs = this.#deps.clock.nowMs();
    const { count, firstMs } = this.#waiting.get(key) ?? { count: 0, firstMs: nowMs };
    this.#waiting.set(key, { ...alert, count: count + 1, firstMs, lastMs: nowMs });
    this.#interval.changed(key);
  }

  #tell(key: string): void {
    const alert = this.#waiting.get(key);
    if (alert === undefined) return;
    this.#waiting.delete(key);
    const { measured, limit } = alert;
    this.#publisher.publish(RISK_ALERT_RAISED, () => ({
      ...alert,
      measured: known(measured),
      limit: known(limit),
    }));
  }
}

/** What is not known is left out. */
const known = (value: number | string | undefined): number | string | undefined =>
  typeof value === 'number' ? numberOf(value) : value;

/** A gate of a scope of its own has it in its name, behind an `@`; the others are about the account. */
function scopeOf(gate: string, accountId: string): Scope {
  const at = gate.lastIndexOf('@');
  const [kind, ...id] = at < 0 ? [] : gate.slice(at + 1).split(':');
  const named = scopeSchema.safeParse(id.length === 0 ? { kind } : { kind, id: id.join(':') });
  return named.success ? named.data : { kind: 'account', id: accountId };
}
