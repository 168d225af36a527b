import { describe, expect, test } from 'vitest';
import { person } from '../../../src/core/index.ts';
import { DeskMetrics, type DeskMetricsOptions } from '../../../src/desk/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { DeskWorld, NOON_MS, ONE_ID, idOf, intent } from '../../support/desk-world.ts';
import { parseExposition } from '../../support/exposition-parser.ts';
import { accept, reject } from '../../support/scripted-driver.ts';

type Labels = Readonly<Record<string, string>>;

const OPTIONS: DeskMetricsOptions = { venue: 'scripted', mode: 'paper', strategies: ['strat'] };

/** A desk that is shown, and a reader of what is shown. */
async function shown(options: Parameters<typeof DeskWorld.open>[0] = {}) {
  const world = await DeskWorld.open(options);
  const metrics = new MetricsRegistry({}, { clock: world.clock });
  const deskMetrics = new DeskMetrics(OPTIONS, { ...world.deps(), desk: world.desk, metrics });
  const scrape = async (name: string, labels: Labels = {}): Promise<number | undefined> => {
    const samples = parseExposition(await metrics.exposition()).flatMap((family) => family.samples);
    const found = samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  };
  const orders = async (labels: Labels = {}): Promise<Readonly<Record<string, number>>> => {
    const outcomes = ['accepted', 'rejected', 'filled', 'cancelled', 'expired', 'failed', 'unknown'];
    const counts = await Promise.all(
      outcomes.map(async (outcome) => [
        outcome,
        await scrape('trading_orders_total', { ...labels, outcome }),
      ]),
    );
    return Object.fromEntries(counts.filter(([, count]) => count !== 0)) as Record<string, number>;
  };
  return { world, metrics, deskMetrics, scrape, orders };
}

describe('DeskMetrics: orders', () => {
  test('count once when they are accepted and once when they end', async () => {
    const { world, orders } = await shown();
    await world.drained(world.desk.submit(intent()));
    expect(await orders()).toEqual({ accepted: 1 });

    world.driver.fill(ONE_ID, 'a', '4');
    await world.drain();
    expect(await orders()).toEqual({ accepted: 1 });

    world.driver.fill(ONE_ID, 'b', '6');
    await world.drain();
    expect(await orders()).toEqual({ accepted: 1, filled: 1 });
    expect(await orders({ side: 'buy', type: 'limit', reduce_only: 'false', venue: 'scripted' })).toEqual({
      accepted: 1,
      filled: 1,
    });
  });

  test('two fills that are written down together fill an order once', async () => {
    const { world, orders, scrape } = await shown();
    await world.drained(world.desk.submit(intent()));
    world.driver.fill(ONE_ID, 'a', '4');
    world.driver.fill(ONE_ID, 'b', '6');
    await world.drain();
    expect(await orders()).toEqual({ accepted: 1, filled: 1 });
    expect(await scrape('trading_fills_total')).toBe(2);
    expect(await scrape('trading_order_duration_seconds_count', { stage: 'ack_fill' })).toBe(1);
    expect(await scrape('trading_order_duration_seconds_count', { stage: 'total' })).toBe(1);
  });

  test('that the venue rejects, cancels or never got count as such', async () => {
    const { world, orders } = await shown();
    world.driver.onPlace = reject('NO');
    await world.drained(world.desk.submit(intent()));
    expect(await orders()).toEqual({ rejected: 1 });

    world.driver.onPlace = accept;
    await world.drained(world.desk.submit(intent({ intentId: 'two' })));
    await world.drained(world.desk.cancelAll());
    world.driver.tell({ type: 'cancelled', clientOrderId: idOf('two'), cumulative: '0' });
    await world.drain();
    expect(await orders()).toEqual({ rejected: 1, accepted: 1, cancelled: 1 });

    const never = world.desk.submit(intent({ intentId: 'three' }));
    void world.killSwitch.trip({ to: 'halted', reason: 'now', by: person('ada') });
    await world.drained(never);
    expect(await orders()).toEqual({ rejected: 1, accepted: 1, cancelled: 1, failed: 1 });
  });

  test('in doubt are unknown once, and stand among the open ones until they are settled', async () => {
    const { world, orders, scrape } = await shown();
    await world.unanswered();
    expect(await orders()).toEqual({ unknown: 1 });
    expect(await scrape('trading_orders_unknown', { type: 'limit', venue: 'scripted' })).toBe(1);
    expect(await scrape('trading_orders_open', { type: 'limit' })).toBe(1);
    expect(await scrape('trading_orders_open', { type: 'market' })).toBe(0);
    expect(await scrape('trading_order_oldest_open_timestamp_seconds', { type: 'limit' })).toBe(
      NOON_MS / 1_000,
    );
    expect(await scrape('trading_order_oldest_open_timestamp_seconds', { type: 'market' })).toBe(0);
  });

  test('exits are reduce_only, asked for as such or not', async () => {
    const { world, orders } = await shown();
    await world.position('10');
    const price = { type: 'limit', limit: '100' } as const;
    await world.drained(world.desk.submit(intent({ intentId: 'exit', side: 'sell', quantity: '10', price })));
    expect(await orders({ reduce_only: 'true' })).toEqual({ accepted: 1 });
    expect(await orders({ reduce_only: 'false' })).toEqual({ accepted: 1, filled: 1 });
  });

  test('take their time in stages', async () => {
    const { world, scrape } = await shown();
    world.driver.onPlace = async () => {
      await world.clock.sleep(400);
      return { status: 'accepted' };
    };
    const outcome = world.desk.submit(intent());
    await world.drain();
    world.clock.advance(400);
    await world.drained(outcome);
    world.clock.advance(2_000);
    world.driver.fill(ONE_ID, 'a', '10');
    await world.drain();
    const sum = (stage: string) => scrape('trading_order_duration_seconds_sum', { stage });
    expect(await Promise.all(['gate', 'submit_ack', 'ack_fill', 'total'].map(sum))).toEqual([0, 0.4, 2, 2.4]);
    expect(await scrape('trading_order_duration_seconds_count', { stage: 'gate' })).toBe(1);
  });

  test('denied are no orders: they count by gate and code', async () => {
    const { world, orders, scrape } = await shown({ risk: { maxPositionNotional: '100', maxPositions: 0 } });
    await world.desk.submit(intent());
    expect(await orders()).toEqual({});
    expect(await scrape('trading_denials_total', { gate: 'position-count' })).toBe(1);
    expect(await scrape('trading_denials_total', { code: 'POSITION_SIZE_LIMIT' })).toBe(1);
    expect(
      await scrape('trading_gate_evaluations_total', { gate: 'position-count', decision: 'reject' }),
    ).toBe(1);
    expect(await scrape('trading_gate_evaluations_total', { gate: 'kill-switch', decision: 'approve' })).toBe(
      1,
    );
    expect(await scrape('trading_risk_rejections_total', { limit: 'position-size' })).toBe(1);
    expect(await scrape('trading_risk_rejections_total', { limit: 'drawdown' })).toBe(0);
  });
});

describe('DeskMetrics: fills', () => {
  test('count with value, fee and how much worse than the mark they were', async () => {
    const { world, scrape } = await shown();
    await world.drained(world.desk.submit(intent({ price: { type: 'market', maxSlippageBps: 300 } })));
    world.driver.fill(ONE_ID, 'a', '10', {
      price: '102',
      fee: { amount: '1.5', currency: 'USDT' },
      liquidity: 'taker',
    });
    await world.drain();
    const symbol = { symbol: 'GOLD', side: 'buy', strategy: 'strat', status: 'filled' };
    expect(await scrape('trading_trades_total', symbol)).toBe(1);
    expect(await scrape('trading_trade_volume_quote_total', { venue: 'scripted', currency: 'USDT' })).toBe(
      1_020,
    );
    expect(await scrape('trading_fees_quote_total', { currency: 'USDT' })).toBe(1.5);
    expect(await scrape('trading_fee_rebates_quote_total', { currency: 'USDT' })).toBe(0);
    expect(await scrape('trading_fills_total', { liquidity: 'taker' })).toBe(1);
    expect(await scrape('trading_fill_slippage_ratio_sum')).toBe(0.02);
  });

  test('better than the mark slip by nothing, and a rebate is no fee', async () => {
    const { world, scrape } = await shown();
    await world.drained(world.desk.submit(intent({ price: { type: 'limit', limit: '99' } })));
    world.driver.fill(ONE_ID, 'a', '10', { price: '99', fee: { amount: '-0.5', currency: 'USDT' } });
    await world.drain();
    expect(await scrape('trading_fill_slippage_ratio_sum')).toBe(0);
    expect(await scrape('trading_fill_slippage_ratio_count')).toBe(1);
    expect(await scrape('trading_fees_quote_total', { currency: 'USDT' })).toBe(0);
    expect(await scrape('trading_fee_rebates_quote_total', { currency: 'USDT' })).toBe(0.5);
  });
});

describe('DeskMetrics: accounts', () => {
  test('show equity, profit, drawdown and how much of each limit is used', async () => {
    const risk = {
      maxDailyLoss: '100',
      maxDrawdownFraction: 0.5,
      maxPositions: 4,
      maxPositionNotional: '4000',
      maxTotalExposure: '8000',
      scopes: [{ scope: { kind: 'account', id: 'acc' }, maxDrawdownFraction: 0.25 } as const],
    };
    const { world, scrape } = await shown({ risk });
    await world.position('10');
    world.mark(95);
    const account = { account: 'acc' };
    expect(await scrape('trading_equity_quote', { ...account, currency: 'USDT' })).toBe(99_950);
    expect(await scrape('trading_pnl_realized_quote', account)).toBe(0);
    expect(await scrape('trading_pnl_unrealized_quote', account)).toBe(-50);
    expect(await scrape('trading_drawdown_ratio', account)).toBe(0.0005);
    expect(await scrape('trading_drawdown_limit_ratio', account)).toBe(0.25);
    const used = (limit: string) => scrape('trading_risk_limit_usage_ratio', { ...account, limit });
    expect(
      await Promise.all(
        ['daily-loss', 'drawdown', 'position-count', 'position-size', 'total-exposure'].map(used),
      ),
    ).toEqual([0.5, 0.001, 0.25, 950 / 4_000, 950 / 8_000]);
    expect(await scrape('trading_position_notional_quote', { venue: 'scripted', symbol: 'GOLD' })).toBe(950);
  });

  test('a day in profit uses nothing of the daily loss, and a limit of 0 is used up', async () => {
    const { world, scrape } = await shown({ risk: { maxDailyLoss: '100' } });
    await world.position('10');
    world.mark(105);
    expect(await scrape('trading_risk_limit_usage_ratio', { limit: 'daily-loss' })).toBe(0);
    const other = await shown({ risk: { maxTotalExposure: '0' } });
    expect(await other.scrape('trading_risk_limit_usage_ratio', { limit: 'total-exposure' })).toBe(1);
  });

  test('what is not known is absent, and comes back', async () => {
    const { world, scrape } = await shown({ unquoted: true });
    const position = { instrumentId: 'GOLD', quantity: '10', price: '100' };
    const by = person('ada');
    const account = { account: 'acc' };
    expect(await scrape('trading_equity_quote', account)).toBe(100_000);
    await world.drained(
      world.desk.adjust({ adjustmentId: 'a', accountId: 'acc', position, by, reason: 'a transfer' }),
    );
    for (const name of ['trading_equity_quote', 'trading_pnl_unrealized_quote', 'trading_drawdown_ratio'])
      expect(await scrape(name, account)).toBeUndefined();
    expect(await scrape('trading_position_notional_quote', { symbol: 'GOLD' })).toBeUndefined();
    expect(await scrape('trading_risk_limit_usage_ratio', { limit: 'daily-loss' })).toBeUndefined();
    expect(await scrape('metrics_invalid_observations_total')).toBe(0);
    world.mark(100);
    expect(await scrape('trading_equity_quote', account)).toBe(101_000);
  });
});

describe('DeskMetrics: what else', () => {
  test('tells when the books were last compared, and how many positions differed', async () => {
    const { world, scrape } = await shown();
    expect(await scrape('trading_reconciliation_last_success_timestamp_seconds')).toBe(0);
    world.clock.advance(1_000);
    world.driver.onPositions = () =>
      Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '5' }]);
    await world.reconciled();
    expect(await scrape('trading_position_mismatches', { venue: 'scripted' })).toBe(1);
    expect(await scrape('trading_reconciliation_last_success_timestamp_seconds')).toBeGreaterThanOrEqual(
      NOON_MS / 1_000,
    );
  });

  test('a strategy is enabled unless it or the firm is restricted', async () => {
    const { world, scrape } = await shown();
    const enabled = () => scrape('trading_strategy_enabled', { strategy: 'strat', mode: 'paper' });
    expect(await enabled()).toBe(1);
    const by = person('ada');
    void world.killSwitch.trip({ scope: { kind: 'strategy', id: 'other' }, to: 'halted', reason: 'x', by });
    expect(await enabled()).toBe(1);
    void world.killSwitch.trip({ scope: { kind: 'strategy', id: 'strat' }, to: 'reducing', reason: 'x', by });
    expect(await enabled()).toBe(0);
  });

  test('a restraint of the firm disables, too', async () => {
    const { world, scrape } = await shown();
    world.killSwitch.restrain({ scope: { kind: 'firm' }, to: 'reducing', reason: 'x', by: person('ada') });
    expect(await scrape('trading_strategy_enabled', { strategy: 'strat' })).toBe(0);
  });

  test('counts what waits for the disk', async () => {
    const { world, scrape } = await shown();
    const outcome = world.desk.submit(intent());
    expect(await scrape('trading_queue_depth', { queue: 'journal' })).toBe(1);
    await world.drained(outcome);
    expect(await scrape('trading_queue_depth', { queue: 'journal' })).toBe(0);
  });

  test('shows nothing any more once it is disposed', async () => {
    const { world, deskMetrics, orders, scrape } = await shown();
    deskMetrics[Symbol.dispose]();
    await world.drained(world.desk.submit(intent()));
    expect(await orders()).toEqual({});
    expect(await scrape('trading_orders_open', { type: 'limit' })).toBeUndefined();
  });

  test('refuses a misspelt option by name', async () => {
    const world = await DeskWorld.open();
    const deps = { ...world.deps(), desk: world.desk, metrics: new MetricsRegistry() };
    const options = { ...OPTIONS, strategy: 'x' } as DeskMetricsOptions;
    expect(() => new DeskMetrics(options, deps)).toThrow(/DeskMetrics.*strategy/);
  });
});
