import { ManualClock, person } from '../../../src/core/index.ts';
import { LimitControl, type LimitControlOptions } from '../../../src/desk/index.ts';
import { type ExecutionLimitsInput, ExecutionPolicy } from '../../../src/execution/index.ts';
import { KillSwitch, RiskGuard, type RiskLimitsInput } from '../../../src/risk/index.ts';
import { MemoryStateStore, type StateStore } from '../../../src/storage/index.ts';
import { Book } from '../../../src/trading/index.ts';
import { WIDE } from '../../support/guard.ts';
import { heldOf, pricedOf } from '../../support/orders.ts';
import { ScriptedStateStore } from '../../support/state-stores.ts';
import { quotedAt } from '../../support/views.ts';

export const ANN = person('ann');
export const NOW_MS = Date.UTC(2026, 0, 2, 12);
export const WRITE_MS = 5_000;

/** Limits of the guard with a largest position, money as text. */
export const risk = (maxPositionNotional: string, rest: Partial<RiskLimitsInput> = {}): RiskLimitsInput => ({
  ...WIDE,
  maxPositionNotional,
  ...rest,
});

export const execution = (collarBps: number, rest: ExecutionLimitsInput = {}): ExecutionLimitsInput => ({
  spreadBps: { entry: 'none' },
  depth: { multiple: { entry: 'none' } },
  volumeFraction: { entry: 'none' },
  slippage: { perOrderBps: { entry: 'none' } },
  collarBps: { entry: collarBps, exit: 9_000 },
  ...rest,
});

/** An audit log that takes everything, refuses, or does not answer. */
export class ScriptedAudit {
  mode: 'take' | 'refuse' | 'hang' = 'take';
  readonly events: Readonly<Record<string, unknown>>[] = [];

  record(event: Readonly<Record<string, unknown>>): Promise<never> {
    if (this.mode === 'refuse') return Promise.reject(new Error('the audit disk is full'));
    if (this.mode === 'hang') return new Promise(() => undefined);
    this.events.push({ ...event });
    return Promise.resolve(undefined as never);
  }

  get kinds(): readonly unknown[] {
    return this.events.map(({ kind }) => kind);
  }
}

export interface LimitWorldOptions {
  readonly store?: Pick<StateStore, 'get' | 'set'>;
  readonly options?: LimitControlOptions;
  readonly audit?: ScriptedAudit;
  readonly clock?: ManualClock;
}

/** Both engines over one account with a mark of 100, a largest position of 5,000, a collar of 500 bps, and their control. */
export async function limitWorld(given: LimitWorldOptions = {}) {
  const { audit = new ScriptedAudit(), options, clock = new ManualClock(NOW_MS) } = given;
  const scripted = new ScriptedStateStore();
  const store = given.store ?? scripted;
  const book = new Book();
  book.openAccount('acc', 'USDT', '100000');
  book.mark(quotedAt(100));
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const guard = new RiskGuard(risk('5000'), { book, clock, killSwitch });
  const policy = new ExecutionPolicy(execution(500));
  const deps = { guard, policy, killSwitch, store, audit, clock };
  const facts = () => ({
    nowMs: clock.nowMs(),
    monotonicMs: clock.monotonicMs(),
    dayId: '2026-01-02' as never,
    mark: book.markOf('GOLD')?.price ?? (NaN as never),
    seen: { has: () => false },
  });
  return {
    clock,
    scripted,
    store,
    audit,
    book,
    guard,
    policy,
    killSwitch,
    deps,
    control: await LimitControl.open(deps, options),
    /** The largest quantity that the guard lets through of these; the last good mark stays fresh. */
    passes(qty: number): boolean {
      book.mark(quotedAt(100, { receivedMonotonicMs: clock.monotonicMs() }));
      const view = quotedAt(100, { receivedMonotonicMs: clock.monotonicMs() });
      return guard.evaluate(pricedOf({ qty, view })).decision === 'approve';
    },
    /** Whether the policy lets a price pass. */
    collared(worst: number): boolean {
      return policy.evaluate(heldOf({ worst }), facts()).length > 0;
    },
    facts,
  };
}

export const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );
