import { fc } from '@fast-check/vitest';
import { type AuditRecord } from '../../src/audit/index.ts';
import { canonicalJson } from '../../src/audit/index.ts';
import { ManualClock, decimal, lots, ticks } from '../../src/core/index.ts';
import { OrderPath } from '../../src/desk/index.ts';
import { plainJson, verdictEvent } from '../../src/desk/verdict-inputs/verdict-inputs-event.ts';
import { VerdictTrail } from '../../src/desk/verdict-inputs/verdict-inputs-trail.ts';
import {
  ExecutionPolicy,
  type ExecutionLimitsInput,
  parseExecutionLimits,
} from '../../src/execution/index.ts';
import {
  type ReturnHistory,
  RiskGuard,
  type RiskLimitsInput,
  type TradingState,
  parseRiskLimits,
} from '../../src/risk/index.ts';
import { Book, type OrderIntent, defineInstrument, markedFxRates } from '../../src/trading/index.ts';
import { NOON_MS, WIDE_EXECUTION, WIDE_RISK, intent, view } from './desk-world.ts';

const spot = (instrumentId: string, tick: string, step: string) =>
  defineInstrument({ instrumentId, base: instrumentId, quote: 'USDT', tick, step, minNotional: '2' });

const FX = defineInstrument({
  instrumentId: 'EURUSDT',
  base: 'EUR',
  quote: 'USDT',
  tick: '0.0107',
  step: '1',
});

/** GOLD's money has to be rounded. */
const VERDICT_INSTRUMENTS = [
  spot('GOLD', '1', '0.0000003'),
  spot('SILVER', '1', '1'),
  spot('WHEAT', '0.01', '0.5'),
  /** Held on margin. */
  defineInstrument({
    instrumentId: 'PERP',
    kind: 'linear',
    initialMarginFraction: '0.1',
    base: 'PERP',
    quote: 'USDT',
    tick: '1',
    step: '0.1',
  }),
  /** In another currency. */
  defineInstrument({ instrumentId: 'DAX', base: 'DAX', quote: 'EUR', tick: '1', step: '0.1' }),
  FX,
];
const SCALES: Readonly<Record<string, number>> = {
  GOLD: 3_333_333,
  SILVER: 1,
  WHEAT: 200,
  PERP: 10,
  DAX: 10,
  EURUSDT: 100,
};

export interface VerdictWorldOptions {
  readonly risk?: Partial<RiskLimitsInput>;
  readonly execution?: ExecutionLimitsInput;
  readonly clusters?: 'none' | 'plain' | 'with-correlation';
  readonly gates?: ConstructorParameters<typeof RiskGuard>[1]['gates'];
  readonly returns?: ReturnHistory;
}

const metals = (a: string, b: string): boolean => a !== 'WHEAT' && b !== 'WHEAT';
const CLUSTERS = {
  none: {},
  plain: { clusters: { correlated: metals } },
  'with-correlation': {
    clusters: { correlated: metals, correlation: (a: string) => (a === 'GOLD' ? 0.75 : undefined) },
  },
} as const;

/** The synchronous part of a desk, with everything recorded that its audit log would have. */
export class VerdictWorld {
  readonly clock = new ManualClock(NOON_MS);
  readonly book = new Book({ fxRates: markedFxRates([FX]) });
  readonly trading: { state: TradingState } = { state: 'active' };
  readonly records: AuditRecord[] = [];
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly path: OrderPath;
  readonly #trail: VerdictTrail;
  #executions = 0;

  constructor({
    risk = {},
    execution = WIDE_EXECUTION,
    clusters = 'plain',
    gates = [],
    returns,
  }: VerdictWorldOptions = {}) {
    const { book, clock, trading } = this;
    for (const accountId of ['acc', 'other']) book.openAccount(accountId, 'USDT', '100000.123');
    const killSwitch = {
      tradingState: () => trading.state,
      whyRestricted: () => (trading.state === 'active' ? undefined : 'firm: lunch'),
    };
    this.guard = new RiskGuard(
      { ...WIDE_RISK, ...risk },
      {
        book,
        clock,
        killSwitch,
        gates,
        venueName: 'paper',
        ...(returns && { returns }),
        ...CLUSTERS[clusters],
      },
    );
    this.policy = new ExecutionPolicy(execution);
    const { guard, policy } = this;
    const deps = { book, clock, guard, policy, instruments: VERDICT_INSTRUMENTS };
    this.path = new OrderPath(deps);
    this.#trail = new VerdictTrail('all', {
      ...deps,
      killSwitch,
      stopwatch: clock,
      dayId: () => this.path.dayId,
      recorder: {
        audit: ({ kind, ...details }) => {
          this.#record(kind, details);
        },
      },
    });
    for (const { instrumentId } of VERDICT_INSTRUMENTS) this.mark(instrumentId, 100);
  }

  mark(instrumentId: string, price: number, isBad = false): void {
    const { clock } = this;
    const touch = { quantity: lots(50 * (SCALES[instrumentId] ?? 1)) };
    this.path.mark(
      view(price, {
        instrumentId,
        bids: [1, 2, 5].map((off) => ({ ...touch, price: ticks(price - off) })),
        asks: [1, 2, 5].map((off) => ({ ...touch, price: ticks(price + off) })),
        recentVolume: lots(10_000 * (SCALES[instrumentId] ?? 1)),
        receivedMonotonicMs: clock.monotonicMs(),
        receivedMs: clock.nowMs(),
        problems: isBad ? [{ code: 'CROSSED', instrumentId, blocking: true }] : [],
      }),
    );
  }

  decide(asked: OrderIntent, overridden?: ReadonlySet<string>) {
    const { decision, inputs } = this.#trail.around({ intent: asked, overridden }, () =>
      this.path.decide(asked, undefined, overridden),
    );
    const { limitsHash } = this.guard;
    const { kind, ...details } = verdictEvent('order.decided', asked, decision, { limitsHash, inputs });
    this.#record(kind, details);
    return decision;
  }

  /** Fills some of an open order, or all. */
  fill(pick: number, part: number): void {
    const open = [...this.book.liveOrders()];
    const row = open[pick % Math.max(open.length, 1)];
    if (row === undefined) return;
    const { clientOrderId, worst } = row.order;
    const quantity = lots(Math.max(1, Math.floor(row.leaves * part)));
    const fee = { amount: decimal('0.001'), currency: 'USDT' };
    const price = decimal(String(worst)).times(row.order.instrument.grid.tick.value);
    const fill = {
      executionId: `x${(this.#executions += 1)}`,
      quantity,
      price,
      fee,
      liquidity: 'maker',
    } as const;
    this.path.apply({ type: 'filled', clientOrderId, atMs: 0, fill });
  }

  cancel(pick: number): void {
    const open = [...this.book.liveOrders()];
    const row = open[pick % Math.max(open.length, 1)];
    if (row === undefined) return;
    const { clientOrderId } = row.order;
    this.path.apply({ type: 'cancelled', clientOrderId, atMs: 0, cumulative: row.cumulative });
  }

  run(step: VerdictStep): void {
    switch (step.do) {
      case 'submit':
        this.decide(step.intent);
        return;
      case 'mark':
        this.mark(step.instrumentId, step.price, step.isBad);
        return;
      case 'fill':
        this.fill(step.pick, step.part);
        return;
      case 'cancel':
        this.cancel(step.pick);
        return;
      case 'advance':
        this.clock.advance(step.ms);
        this.path.rollIfDue();
        return;
      case 'trading':
        this.trading.state = step.state;
        return;
      case 'limits':
        if (step.how === 'withdraw') {
          this.guard.withdraw();
          this.policy.withdraw();
          return;
        }
        this.guard[step.how](parseRiskLimits({ ...WIDE_RISK, ...step.risk }));
        this.policy[step.how](parseExecutionLimits(step.execution));
    }
  }

  /** As the audit log writes and reads them, but for the chain. */
  #record(kind: string, details: unknown): void {
    const written = JSON.parse(canonicalJson(plainJson(details))) as Record<string, unknown>;
    const seq = this.records.length + 1;
    this.records.push({ seq, timeMs: this.clock.nowMs(), kind, details: written, prev: '', hash: '' });
  }
}

export type VerdictStep =
  | { readonly do: 'submit'; readonly intent: OrderIntent }
  | { readonly do: 'mark'; readonly instrumentId: string; readonly price: number; readonly isBad: boolean }
  | { readonly do: 'fill'; readonly pick: number; readonly part: number }
  | { readonly do: 'cancel'; readonly pick: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'trading'; readonly state: TradingState }
  | {
      readonly do: 'limits';
      readonly how: 'adopt' | 'tighten' | 'withdraw';
      readonly risk: Partial<RiskLimitsInput>;
      readonly execution: ExecutionLimitsInput;
    };

const instrumentIds = fc.constantFrom('GOLD', 'GOLD', 'SILVER', 'WHEAT', 'PERP', 'DAX', 'EURUSDT');
const UNIT: Readonly<Record<string, string>> = { GOLD: '1', SILVER: '1', WHEAT: '100' };

const limitOf = (instrumentId: string, count: number): string => {
  const grid = VERDICT_INSTRUMENTS.find((one) => one.instrumentId === instrumentId)?.grid;
  return decimal(String(count))
    .times(grid?.tick.value ?? '1')
    .toFixed();
};

export const intents: fc.Arbitrary<OrderIntent> = fc
  .record({
    id: fc.nat({ max: 60 }),
    accountId: fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom('acc', 'acc', 'other') },
      { weight: 1, arbitrary: fc.constant('nobody') },
    ),
    strategyId: fc.constantFrom('a', 'b'),
    instrumentId: fc.oneof(
      { weight: 20, arbitrary: instrumentIds },
      { weight: 1, arbitrary: fc.constant('TIN') },
    ),
    side: fc.constantFrom<'buy' | 'sell'>('buy', 'buy', 'sell'),
    size: fc.integer({ min: 0, max: 40 }),
    limit: fc.integer({ min: 92, max: 108 }),
    isMarket: fc.boolean(),
    reduceOnly: fc.constantFrom(false, false, false, false, false, true),
  })
  .map(({ id, size, limit, isMarket, instrumentId, ...rest }) =>
    intent({
      ...rest,
      instrumentId,
      intentId: `i${id}`,
      quantity: decimal(String(size))
        .times(UNIT[instrumentId] ?? '1')
        .toFixed(),
      price: isMarket
        ? { type: 'market', maxSlippageBps: limit }
        : {
            type: 'limit',
            limit: limitOf(instrumentId, limit),
            postOnly: false,
          },
    }),
  );

/** From a tenth of the most. */
const money = (most: number) => fc.integer({ min: most / 10, max: most }).map(String);
const scoped = fc.constantFrom(
  { kind: 'firm' } as const,
  { kind: 'venue', id: 'paper' } as const,
  { kind: 'account', id: 'acc' } as const,
  { kind: 'strategy', id: 'a' } as const,
  { kind: 'strategy', id: 'b' } as const,
);

const someLimits: fc.Arbitrary<Partial<RiskLimitsInput>> = fc.record(
  {
    maxDailyLoss: money(300),
    maxPositions: fc.integer({ min: 2, max: 3 }),
    maxPositionNotional: money(20_000),
    maxTotalExposure: money(20_000),
    maxClusterExposure: money(20_000),
    maxDataAgeMs: fc.constantFrom(100, 60_000),
    maxOrderValue: money(20_000),
    selfTrade: fc.constantFrom('cancel-newest' as const),
    maxCapital: money(20_000),
    scopes: fc.uniqueArray(
      fc.record({
        scope: scoped,
        maxTotalExposure: money(15_000),
        maxDailyLoss: money(200),
        maxPositions: fc.integer({ min: 1, max: 3 }),
      }),
      { maxLength: 3, selector: ({ scope }) => JSON.stringify(scope) },
    ),
  },
  { requiredKeys: [] },
);

const riskLimits = fc.oneof(fc.constant({}), someLimits, someLimits);

const executionLimits: fc.Arbitrary<ExecutionLimitsInput> = fc
  .record({
    depth: fc.constantFrom(0, 1, 100, 250),
    perDay: money(60),
    perStrategyDay: money(40),
    spread: fc.constantFrom(150, 250),
    fraction: fc.constantFrom(0.001, 0.1),
  })
  .map(({ depth, perDay, perStrategyDay, spread, fraction }) => ({
    spreadBps: { entry: spread },
    depth: { withinBps: depth, multiple: { entry: 1, exit: 0.5 } },
    volumeFraction: { entry: fraction },
    slippage: { perOrderBps: { entry: 150 }, perDay, perStrategyDay },
    collarBps: { entry: 800, exit: 900 },
  }));

export const verdictSteps: fc.Arbitrary<VerdictStep> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('submit' as const), intent: intents }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('mark' as const),
      instrumentId: instrumentIds,
      price: fc.integer({ min: 94, max: 106 }),
      isBad: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fill' as const),
      pick: fc.nat({ max: 9 }),
      part: fc.constantFrom(0.3, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick: fc.nat({ max: 9 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(7, 150, 43_200_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('trading' as const),
      state: fc.constantFrom<TradingState>('active', 'active', 'reducing', 'halted'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('limits' as const),
      how: fc.constantFrom('adopt' as const, 'tighten' as const, 'withdraw' as const),
      risk: riskLimits,
      execution: fc.oneof(executionLimits, fc.constant(WIDE_EXECUTION)),
    }),
  },
);

export const verdictWorlds = fc.record({
  risk: riskLimits,
  execution: fc.oneof(executionLimits, fc.constant(WIDE_EXECUTION)),
  clusters: fc.constantFrom('none' as const, 'plain' as const, 'with-correlation' as const),
});
