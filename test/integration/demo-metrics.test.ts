import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { replay, stopReplay } from '../../examples/demo/replay.ts';
import { simulation } from '../../examples/demo/scenario.ts';
import { TradingSystem } from '../../examples/demo/trading-system.ts';
import { ManualClock, SystemClock } from '../../src/core/index.ts';
import { type ParsedFamily, type ParsedSample, parseExposition } from '../support/exposition-parser.ts';

/** What a run of the demo moves. */
const MOVED = [
  'trading_trades_total',
  'trading_trade_notional_quote_total',
  'trading_trade_volume_quote_total',
  'trading_orders_total',
  'trading_order_duration_seconds',
  'trading_orders_open',
  'trading_order_oldest_open_timestamp_seconds',
  'trading_fills_total',
  'trading_fill_slippage_ratio',
  'trading_fees_quote_total',
  'trading_denials_total',
  'trading_price_last_update_timestamp_seconds',
  'trading_price_max_age_seconds',
  'trading_price_updates_total',
  'trading_feed_lag_seconds',
  'trading_data_integrity_violations_total',
  'trading_clock_offset_seconds',
  'trading_market_open',
  'trading_gate_evaluations_total',
  'trading_risk_limit_usage_ratio',
  'trading_risk_rejections_total',
  'trading_kill_switch_tripped',
  'trading_kill_switch_state',
  'trading_kill_switch_activations_total',
  'trading_kill_switch_last_check_timestamp_seconds',
  'trading_equity_quote',
  'trading_pnl_realized_quote',
  'trading_pnl_unrealized_quote',
  'trading_drawdown_ratio',
  'trading_drawdown_limit_ratio',
  'trading_position_notional_quote',
  'trading_reconciliation_last_success_timestamp_seconds',
  'trading_strategy_enabled',
  'trading_audit_chain_valid',
];

/** Exposed, and nothing in the demo can move it. */
const STILL: Readonly<Record<string, string>> = {
  trading_orders_unknown: 'the paper venue answers every order in time',
  trading_fee_rebates_quote_total: 'the paper venue pays no rebates',
  trading_feed_sequence_gaps_total: 'the simulated feed loses nothing',
  trading_position_mismatches: 'the paper venue and the books see the same fills',
  trading_audit_write_failures_total: 'the disk works',
  trading_queue_depth: 'no simulated time passes while something waits for the disk, so no scrape meets it',
  trading_errors_total: 'recordError is for what a user of the registry finds wrong',
  trading_operation_duration_seconds: 'recordLatency, and `run` of a service: the demo without one has none',
};

/** Of the vocabulary, and not exposed by the demo. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  trading_operations_total: 'of the chassis',
  trading_operations_in_flight: 'of the chassis',
  trading_load_shed_total: 'of the chassis',
  trading_operation_errors_total: 'an outcome of trading_operations_total',
  trading_gate_duration_seconds:
    'two looks at a clock for each gate would cost more than the gates; stage="gate"',
  trading_price_divergence_ratio: 'takes several sources of one symbol',
  trading_feed_connected: 'a simulated feed has no connection',
  trading_feed_reconnects_total: 'a simulated feed has no connection',
  trading_circuit_breaker_state: 'there is no circuit breaker yet',
  trading_circuit_breaker_transitions_total: 'there is no circuit breaker yet',
  trading_venue_rate_limit_usage_ratio: 'the paper venue has no rate limit',
  trading_queue_capacity: 'the journal has no bound: it holds orders back by itself',
  trading_events_dropped_total: 'there is no bus yet',
  trading_heap_limit_bytes: 'of the process',
  trading_notifications_total: 'there are no notifications yet',
  trading_config_reload_success: 'the demo reloads nothing',
  trading_config_reload_timestamp_seconds: 'the demo reloads nothing',
  trading_metrics_series: 'metrics_series of the registry',
  trading_metrics_series_dropped_total: 'metrics_series_dropped_total of the registry',
  trading_build_info: 'of the chassis',
};

let dataDir: string;
let atOpening: ParsedFamily[];
/** Some in the course of the run, and one at its end. */
const scrapes: string[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portcullis-demo-metrics-'));
  // Half a day with the crash of the simulation in it, and a switch that trips early.
  const scenario = { ...simulation({ seed: 7, days: 0.5 }), tripAtDrawdownFraction: 0.03 };
  const clock = new ManualClock(scenario.startMs);
  const system = await TradingSystem.open(scenario, dataDir, { clock, stopwatch: new SystemClock() });
  try {
    atOpening = parseExposition(await system.metrics.exposition());
    const started = system.desk.start();
    const taken: Promise<string>[] = [];
    let batches = 0;
    await replay(system, clock, scenario.batches(), () => {
      batches += 1;
      if (batches % 10 === 0) taken.push(system.metrics.exposition());
    });
    await started;
    scrapes.push(...(await Promise.all(taken)));
    await stopReplay(system, clock);
    scrapes.push(await system.metrics.exposition());
  } finally {
    await system.close();
  }
}, 120_000);
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const last = (): ParsedFamily[] => parseExposition(scrapes.at(-1) ?? '');

const ours = (families: readonly ParsedFamily[]): string[] =>
  families.map(({ name }) => name).filter((name) => name.startsWith('trading_'));

/** Samples of the last scrape. */
const samples = (name: string): readonly ParsedSample[] =>
  last().find((family) => family.name === name)?.samples ?? [];

const sum = (name: string, labels: Readonly<Record<string, string>> = {}): number =>
  samples(name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((total, { value }) => total + value, 0);

describe('the metrics of a run of the demo', () => {
  test('are those that its parts can move, and those that they cannot, and no others', () => {
    expect(ours(last()).sort()).toEqual([...MOVED, ...Object.keys(STILL)].sort());
    expect(ours(last()).filter((name) => name in ELSEWHERE)).toEqual([]);
  });

  test('have all moved, unless there is a reason', () => {
    const moved = new Set(
      scrapes.flatMap((text) =>
        parseExposition(text)
          .filter((family) => family.samples.some(({ value }) => value !== 0))
          .map(({ name }) => name),
      ),
    );
    expect(
      ours(last())
        .filter((name) => moved.has(name))
        .sort(),
    ).toEqual([...MOVED].sort());
  });

  test('of known labels are there at 0 before anything happens: what is born at 1 never fires an alert', () => {
    const counters = ({ type, name }: ParsedFamily): boolean => type === 'counter' && !(name in UNKNOWABLE);
    const keys = (families: readonly ParsedFamily[]): string[] =>
      families
        .filter(counters)
        .flatMap((family) => family.samples)
        .map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)
        .filter((key) => key.startsWith('trading_'))
        .sort();
    expect(keys(atOpening)).toEqual(keys(last()));
  });

  test('name no order, and hold few series', () => {
    const all = last().flatMap((family) => family.samples);
    expect(
      all.filter(({ labels }) => Object.values(labels).some((value) => /^[\da-f]{32}$/.test(value))),
    ).toEqual([]);
    expect(all.length).toBeLessThan(1_000);
    expect(sum('metrics_invalid_observations_total')).toBe(0);
    expect(sum('metrics_collector_failures_total')).toBe(0);
  });

  test('agree with each other', () => {
    const fills = sum('trading_fills_total');
    expect(sum('trading_trades_total')).toBe(fills);
    expect(sum('trading_trade_notional_quote_total')).toBeCloseTo(sum('trading_trade_volume_quote_total'), 4);
    const slippage = samples('trading_fill_slippage_ratio').find(({ name }) => name.endsWith('_count'));
    expect(slippage?.value).toBe(fills);
    const of = (outcome: string): number => sum('trading_orders_total', { outcome });
    expect(of('accepted')).toBe(of('filled') + of('cancelled') + of('expired') + sum('trading_orders_open'));
    expect(sum('trading_kill_switch_activations_total', { scope: 'account:demo' })).toBe(1);
    expect(sum('trading_kill_switch_tripped', { scope: 'account:demo' })).toBe(1);
    expect(sum('trading_kill_switch_state', { state: 'reducing' })).toBe(1);
    expect(sum('trading_gate_evaluations_total', { gate: 'kill-switch', decision: 'reject' })).toBe(
      sum('trading_risk_rejections_total', { limit: 'kill-switch' }),
    );
  });

  test('are read by promtool without a complaint', () => {
    const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
      input: scrapes.at(-1) ?? '',
      encoding: 'utf8',
    });
    if (error !== undefined)
      console.warn('promtool is not installed: its check of the exposition is skipped');
    else expect([status, stdout + stderr]).toEqual([0, '']);
  });
});

/** Counters of which nobody knows the labels beforehand. */
const UNKNOWABLE: Readonly<Record<string, string>> = {
  trading_denials_total: 'any gate may deny with any code',
  trading_errors_total: 'any component may report anything',
};
