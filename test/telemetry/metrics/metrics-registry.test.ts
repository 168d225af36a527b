import { register } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { MetricsRegistry, type MetricsRegistryOptions, TRADES } from '../../../src/telemetry/index.ts';

const make = (options: MetricsRegistryOptions = {}) => new MetricsRegistry(options);

/** The samples of one metric, without help and type. */
async function samples(metrics: MetricsRegistry, name: string): Promise<string[]> {
  const text = await metrics.exposition();
  return text.split('\n').filter((line) => line.startsWith(name));
}

/** How often the registry complained about a metric: bad values, bad labels, dropped series. */
async function faults(metrics: MetricsRegistry, metric: string): Promise<string[]> {
  const lines = await samples(metrics, 'metrics_');
  return lines.filter(
    (line) =>
      line.includes(`metric="${metric}"`) && !line.startsWith('metrics_series{') && !line.endsWith(' 0'),
  );
}

describe('a counter', () => {
  test('starts at 0 and adds 1 or what it is told', async () => {
    const metrics = make();
    const ticks = metrics.counter({ name: 'ticks_total', help: 'Ticks.' });
    expect(await samples(metrics, 'ticks_total')).toEqual(['ticks_total 0']);
    ticks.inc();
    ticks.inc(2.5);
    ticks.inc(0);
    expect(await samples(metrics, 'ticks_total')).toEqual(['ticks_total 3.5']);
  });

  test('of known labels has all of its series at 0 from the start', async () => {
    const metrics = make();
    metrics.counter({
      name: 'orders_total',
      help: 'Orders.',
      labels: { side: ['buy', 'sell'], outcome: ['accepted', 'rejected'] },
    });
    expect(await samples(metrics, 'orders_total')).toEqual([
      'orders_total{side="buy",outcome="accepted"} 0',
      'orders_total{side="buy",outcome="rejected"} 0',
      'orders_total{side="sell",outcome="accepted"} 0',
      'orders_total{side="sell",outcome="rejected"} 0',
    ]);
  });

  test('brings the siblings of an open value along at 0', async () => {
    const metrics = make();
    const orders = metrics.counter({
      name: 'orders_total',
      help: 'Orders.',
      labels: { symbol: 'any', outcome: ['accepted', 'rejected'] },
    });
    orders.inc({ symbol: 'BTC', outcome: 'accepted' }, 2);
    expect(await samples(metrics, 'orders_total')).toEqual([
      'orders_total{symbol="BTC",outcome="accepted"} 2',
      'orders_total{symbol="BTC",outcome="rejected"} 0',
    ]);
  });

  test('starts at 0 for the open values it is told to expect, and stays there when told again', async () => {
    const metrics = make();
    const trades = metrics.counter(TRADES);
    const expected = { symbol: 'BTC', strategy: 'ema', status: 'filled' };
    trades.expect(expected);
    trades.inc({ ...expected, side: 'buy' });
    trades.expect(expected);
    expect(await samples(metrics, 'trading_trades_total')).toEqual([
      'trading_trades_total{symbol="BTC",side="buy",strategy="ema",status="filled"} 1',
      'trading_trades_total{symbol="BTC",side="sell",strategy="ema",status="filled"} 0',
    ]);
  });

  test.each([NaN, Infinity, -1, -Number.MIN_VALUE, '1', null])('drops and counts %s', async (value) => {
    const metrics = make();
    const ticks = metrics.counter({ name: 'ticks_total', help: 'Ticks.', labels: { side: ['buy', 'sell'] } });
    ticks.inc({ side: 'buy' }, value as number);
    expect(await samples(metrics, 'ticks_total{side="buy"}')).toEqual(['ticks_total{side="buy"} 0']);
    expect(await faults(metrics, 'ticks_total')).toEqual([
      'metrics_invalid_observations_total{metric="ticks_total",reason="value"} 1',
    ]);
  });
});

describe('a gauge', () => {
  test('is set and moved both ways', async () => {
    const metrics = make();
    const open = metrics.gauge({ name: 'orders_open', help: 'Open orders.', labels: ['venue'] });
    const plain = metrics.gauge({ name: 'depth', help: 'Depth.' });
    open.set({ venue: 'paper' }, 5);
    open.add({ venue: 'paper' }, -2);
    plain.set(-1);
    plain.add(0.5);
    expect(await samples(metrics, 'orders_open')).toEqual(['orders_open{venue="paper"} 3']);
    expect(await samples(metrics, 'depth')).toEqual(['depth -0.5']);
  });

  test('expects labels and drops what is no number', async () => {
    const metrics = make();
    const open = metrics.gauge({ name: 'orders_open', help: 'Open orders.', labels: ['venue'] });
    open.expect({ venue: 'paper' });
    open.set({ venue: 'paper' }, NaN);
    open.add({ venue: 'paper' }, undefined as never);
    expect(await samples(metrics, 'orders_open')).toEqual(['orders_open{venue="paper"} 0']);
    expect(await faults(metrics, 'orders_open')).toEqual([
      'metrics_invalid_observations_total{metric="orders_open",reason="value"} 2',
    ]);
  });
});

describe('a histogram', () => {
  test('counts up to and including its bounds', async () => {
    const metrics = make();
    const slippage = metrics.histogram({ name: 'slippage_ratio', help: 'Slippage.', buckets: [0, 0.5] });
    slippage.observe(-0.1);
    slippage.observe(0.5);
    slippage.observe(0.6);
    expect(await samples(metrics, 'slippage_ratio')).toEqual([
      'slippage_ratio_bucket{le="0"} 1',
      'slippage_ratio_bucket{le="0.5"} 2',
      'slippage_ratio_bucket{le="+Inf"} 3',
      'slippage_ratio_sum 1',
      'slippage_ratio_count 3',
    ]);
  });

  test('of seconds takes 0 and refuses less', async () => {
    const metrics = make();
    const wait = metrics.histogram({
      name: 'wait_seconds',
      help: 'Wait.',
      labels: { kind: ['a'] },
      buckets: [1],
    });
    wait.observe({ kind: 'a' }, 0);
    wait.observe({ kind: 'a' }, -0.001);
    wait.observe({ kind: 'a' }, NaN);
    expect(await samples(metrics, 'wait_seconds_count')).toEqual(['wait_seconds_count{kind="a"} 1']);
    expect(await faults(metrics, 'wait_seconds')).toEqual([
      'metrics_invalid_observations_total{metric="wait_seconds",reason="value"} 2',
    ]);
  });

  test('expects labels', async () => {
    const metrics = make();
    metrics.histogram({ name: 'wait_seconds', help: 'Wait.', labels: ['kind'] }).expect({ kind: 'b' });
    expect(await samples(metrics, 'wait_seconds_count')).toEqual(['wait_seconds_count{kind="b"} 0']);
  });
});

describe('labels', () => {
  test.each([
    ['missing', { side: 'buy' }],
    ['no text', { side: 'buy', symbol: 7 }],
    ['empty', { side: 'buy', symbol: '' }],
    ['longer than 128', { side: 'buy', symbol: 'x'.repeat(129) }],
    ['half a character', { side: 'buy', symbol: 'a\ud800' }],
  ])('an open value that is %s counts under __overflow__', async (_what, labels) => {
    const metrics = make();
    const orders = metrics.counter({
      name: 'orders_total',
      help: 'Orders.',
      labels: { symbol: 'any', side: ['buy', 'sell'] },
    });
    orders.inc(labels as never);
    orders.inc(labels as never);
    expect(await samples(metrics, 'orders_total')).toEqual([
      'orders_total{symbol="__overflow__",side="buy"} 2',
    ]);
    expect(await faults(metrics, 'orders_total')).toEqual([
      'metrics_invalid_observations_total{metric="orders_total",reason="label"} 2',
    ]);
  });

  test('a value of 128 characters is taken', async () => {
    const metrics = make();
    metrics.counter({ name: 'a_total', help: 'A.', labels: ['x'] }).inc({ x: 'x'.repeat(128) });
    expect(await faults(metrics, 'a_total')).toEqual([]);
  });

  test('a value that is not listed counts under __overflow__', async () => {
    const metrics = make();
    const orders = metrics.counter({
      name: 'orders_total',
      help: 'Orders.',
      labels: { side: ['buy', 'sell'] },
    });
    orders.inc({ side: 'hold' as 'buy' });
    expect(await samples(metrics, 'orders_total')).toEqual([
      'orders_total{side="buy"} 0',
      'orders_total{side="sell"} 0',
      'orders_total{side="__overflow__"} 1',
    ]);
  });

  test('labels that were not defined are left out', async () => {
    const metrics = make();
    metrics.counter({ name: 'a_total', help: 'A.', labels: ['x'] }).inc({ x: '1', y: '2' } as { x: string });
    expect(await samples(metrics, 'a_total')).toEqual(['a_total{x="1"} 1']);
  });

  test('no labels at all on a metric that has some counts under __overflow__', async () => {
    const metrics = make();
    const a = metrics.counter({ name: 'a_total', help: 'A.', labels: ['x'] });
    (a.inc as unknown as () => void)();
    expect(await samples(metrics, 'a_total')).toEqual(['a_total{x="__overflow__"} 1']);
  });

  test('quotes, backslashes and line ends are escaped', async () => {
    const metrics = make();
    metrics.counter({ name: 'a_total', help: 'A.', labels: ['x'] }).inc({ x: 'a"b\\c\nd' });
    expect(await samples(metrics, 'a_total')).toEqual(['a_total{x="a\\"b\\\\c\\nd"} 1']);
  });
});

describe('the cap', () => {
  test('holds at exactly the limit; one more goes to the overflow series and is counted', async () => {
    const metrics = make({ maxSeriesPerMetric: 10 });
    const seen = metrics.counter({ name: 'seen_total', help: 'Seen.', labels: ['symbol'] });
    for (let i = 0; i < 8; i++) seen.inc({ symbol: `s${i}` });
    seen.inc({ symbol: 'a' });
    seen.inc({ symbol: 'b' });
    expect(await faults(metrics, 'seen_total')).toEqual([]);
    seen.inc({ symbol: 'c' });
    seen.inc({ symbol: 'd' });
    seen.inc({ symbol: 'a' });
    expect((await samples(metrics, 'seen_total')).slice(8)).toEqual([
      'seen_total{symbol="a"} 2',
      'seen_total{symbol="b"} 1',
      'seen_total{symbol="__overflow__"} 2',
    ]);
    expect(await faults(metrics, 'seen_total')).toEqual([
      'metrics_series_dropped_total{metric="seen_total"} 2',
    ]);
  });

  test('keeps the listed labels of what it drops', async () => {
    const metrics = make({ maxSeriesPerMetric: 11 });
    const orders = metrics.counter({
      name: 'orders_total',
      help: 'Orders.',
      labels: { symbol: 'any', side: ['buy', 'sell'] },
    });
    for (const symbol of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) orders.inc({ symbol, side: 'sell' });
    expect(await samples(metrics, 'orders_total{symbol="__overflow__"')).toEqual([
      'orders_total{symbol="__overflow__",side="sell"} 2',
    ]);
  });

  test('is 1000 by default, whatever is thrown at it, bad values included', async () => {
    const metrics = make();
    const seen = metrics.counter({
      name: 'seen_total',
      help: 'Seen.',
      labels: { route: 'any', side: ['buy'] },
    });
    for (let i = 0; i < 3000; i++) seen.inc({ route: `r${i}`, side: (i % 2 === 0 ? 'buy' : 'x') as 'buy' });
    expect((await samples(metrics, 'seen_total')).length).toBeLessThanOrEqual(1002);
  });

  test('cannot be undercut by the listed values alone', () => {
    const labels = { side: ['buy', 'sell'], kind: ['a', 'b', 'c', 'd', 'e', 'f'] };
    make({ maxSeriesPerMetric: 12 }).counter({ name: 'x_total', help: 'X.', labels });
    expect(() => make({ maxSeriesPerMetric: 11 }).counter({ name: 'x_total', help: 'X.', labels })).toThrow(
      'counter x_total: labels: the listed values make 12 series, expected at most 11',
    );
  });
});

describe('definitions', () => {
  test('the same one gives the same metric, in whatever order its labels and values stand', () => {
    const metrics = make();
    const first = metrics.counter({ name: 'x_total', help: 'X.', labels: { a: ['1', '2'], b: 'any' } });
    expect(metrics.counter({ name: 'x_total', help: 'X.', labels: { b: 'any', a: ['2', '1'] } })).toBe(first);
  });

  test.each([
    ['help', { name: 'x', help: 'Other.' }],
    ['labels', { name: 'x', help: 'X.', labels: ['a'] }],
  ])('another %s is a conflict', (_what, definition) => {
    const metrics = make();
    metrics.gauge({ name: 'x', help: 'X.' });
    expect(() => metrics.gauge(definition)).toThrow(expect.objectContaining({ code: 'METRIC_CONFLICT' }));
  });

  test('another kind or other buckets are a conflict', () => {
    const metrics = make();
    metrics.histogram({ name: 'x', help: 'X.', buckets: [1] });
    expect(() => metrics.histogram({ name: 'x', help: 'X.', buckets: [2] })).toThrow(/metric x exists as/);
    expect(() => metrics.gauge({ name: 'x', help: 'X.' })).toThrow(/metric x exists as/);
  });

  test.each([
    [{ name: 'orders', help: 'X.' }, /a counter ends in _total/],
    [{ name: 'Orders_total', help: 'X.' }, /snake_case/],
    [{ name: 'wait_ms_total', help: 'X.' }, /base units/],
    [{ name: 'my_counter_total', help: 'X.' }, /no part of its name/],
    [{ name: 'x_total', help: '' }, /help/],
    [{ name: 'x_total', help: 'X.', labels: ['order_id'] }, /label order_id has no bound/],
    [{ name: 'x_total', help: 'X.', labels: ['le'] }, /label le is reserved/],
    [{ name: 'x_total', help: 'X.', labels: ['mySide'] }, /label mySide is not in snake_case/],
    [{ name: 'x_total', help: 'X.', labels: { side: [] } }, /labels.side: .*1 items/],
    [{ name: 'x_total', help: 'X.', labels: { side: ['a', 'a'] } }, /labels.side: a value is listed twice/],
    [{ name: 'x_total', help: 'X.', labels: { side: 'all' } }, /labels.side: expected 'any' or a list/],
    [{ name: 'x_total', help: 'X.', labls: [] }, /labls/],
  ])('a counter %j is refused', (definition, message) => {
    expect(() => make().counter(definition as never)).toThrow(message);
  });

  test.each([
    [{ name: 'x_total', help: 'X.' }, /nothing else does/],
    [{ name: 'x_count', help: 'X.' }, /reserved/],
    [{ name: 'x', help: 'X.', buckets: [1] }, /buckets/],
  ])('a gauge %j is refused', (definition, message) => {
    expect(() => make().gauge(definition as never)).toThrow(message);
  });

  test.each([[[]], [[1, 1]], [[2, 1]], [[NaN]]])('a histogram with buckets %j is refused', (buckets) => {
    expect(() => make().histogram({ name: 'x', help: 'X.', buckets })).toThrow(/buckets/);
  });

  test('the types follow the definition', () => {
    const metrics = make();
    const orders = metrics.counter({
      name: 'o_total',
      help: 'O.',
      labels: { side: ['buy', 'sell'], symbol: 'any' },
    });
    orders.inc({ side: 'buy', symbol: 'BTC' });
    orders.expect({ symbol: 'BTC' });
    // @ts-expect-error a side that is not listed
    orders.inc({ side: 'hold', symbol: 'BTC' });
    // @ts-expect-error a label is missing
    orders.inc({ side: 'buy' });
    // @ts-expect-error labels are missing
    orders.inc();
    const plain = metrics.counter({ name: 'p_total', help: 'P.' });
    // @ts-expect-error there are no labels
    plain.inc({ side: 'buy' });
  });
});

describe('the registry', () => {
  test('puts its prefix before every name, and never touches the global registry', async () => {
    const metrics = make({ prefix: 'acme_' });
    metrics.counter({ name: 'ticks_total', help: 'Ticks.' }).inc();
    expect(await samples(metrics, 'acme_ticks_total')).toEqual(['acme_ticks_total 1']);
    expect((await samples(metrics, '')).filter((line) => /^(?!acme_|#|$)/.test(line))).toEqual([]);
    expect(register.getMetricsAsArray()).toEqual([]);
  });

  test('two of their own do not see each other', async () => {
    const [a, b] = [make(), make()];
    a.counter({ name: 'ticks_total', help: 'Ticks.' }).inc();
    expect(await samples(b, 'ticks_total')).toEqual([]);
  });

  test('has process metrics on request only', async () => {
    expect(await samples(make(), 'process_')).toEqual([]);
    expect(await samples(make({ processMetrics: true }), 'process_cpu_seconds_total')).toHaveLength(1);
  });

  test.each([{ prefix: 'Acme' }, { prefix: 'acme' }, { maxSeriesPerMetric: 9 }, { prefx: '' }])(
    'refuses the options %j',
    (options) => {
      expect(() => make(options as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    },
  );

  test('runs collectors before each exposition until they are disposed of', async () => {
    const metrics = make();
    const depth = metrics.gauge({ name: 'depth', help: 'Depth.' });
    let value = 0;
    const collector = metrics.collector(() => {
      depth.set((value += 1));
    });
    expect(await samples(metrics, 'depth')).toEqual(['depth 1']);
    expect(await samples(metrics, 'depth')).toEqual(['depth 2']);
    collector[Symbol.dispose]();
    expect(await samples(metrics, 'depth')).toEqual(['depth 2']);
  });

  test('a collector that throws is counted and keeps nothing else from being exposed', async () => {
    const metrics = make();
    const depth = metrics.gauge({ name: 'depth', help: 'Depth.' });
    metrics.collector(() => {
      throw new Error('no');
    });
    metrics.collector(() => {
      depth.set(4);
    });
    expect(await samples(metrics, 'depth')).toEqual(['depth 4']);
    expect(await samples(metrics, 'metrics_collector')).toEqual(['metrics_collector_failures_total 2']);
  });
});

describe('the trading vocabulary', () => {
  test('recordTrade counts the trade and its notional', async () => {
    const metrics = make();
    const trade = {
      symbol: 'BTC-USDT',
      side: 'sell',
      strategy: 'ema',
      status: 'filled',
      notional: 100.5,
    } as const;
    metrics.recordTrade(trade);
    metrics.recordTrade(trade);
    const labels = '{symbol="BTC-USDT",side="sell",strategy="ema",status="filled"}';
    expect(await samples(metrics, `trading_trades_total${labels}`)).toEqual([
      `trading_trades_total${labels} 2`,
    ]);
    expect(await samples(metrics, `trading_trade_notional_quote_total${labels}`)).toEqual([
      `trading_trade_notional_quote_total${labels} 201`,
    ]);
  });

  test('a trade with a notional that is no number is still counted', async () => {
    const metrics = make();
    metrics.recordTrade({ symbol: 'B', side: 'buy', strategy: 'e', status: 'filled', notional: NaN });
    expect(await samples(metrics, 'trading_trades_total{symbol="B",side="buy"')).toEqual([
      'trading_trades_total{symbol="B",side="buy",strategy="e",status="filled"} 1',
    ]);
    expect(await faults(metrics, 'trading_trade_notional_quote_total')).toHaveLength(1);
  });

  test('recordError and recordLatency', async () => {
    const metrics = make();
    metrics.recordError({ component: 'feed', kind: 'TIMEOUT', severity: 'high' });
    metrics.recordLatency({ operation: 'submit', target: 'paper', seconds: 0.5 });
    expect(
      await samples(metrics, 'trading_errors_total{component="feed",kind="TIMEOUT",severity="high"}'),
    ).toEqual(['trading_errors_total{component="feed",kind="TIMEOUT",severity="high"} 1']);
    expect(await samples(metrics, 'trading_operation_duration_seconds_bucket{le="0.5"')).toEqual([
      'trading_operation_duration_seconds_bucket{le="0.5",operation="submit",target="paper"} 1',
    ]);
    expect(await samples(metrics, 'trading_operation_duration_seconds_bucket{le="0.25"')).toEqual([
      'trading_operation_duration_seconds_bucket{le="0.25",operation="submit",target="paper"} 0',
    ]);
  });
});
