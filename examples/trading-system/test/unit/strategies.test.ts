import { ManualClock } from 'portcullis/core';
import { MemoryStateStore } from 'portcullis/storage';
import type { Bar, Signal } from 'portcullis/trading';
import { describe, expect, test } from 'vitest';
import { BandReversion } from '../../strategies/band-reversion.ts';
import { ChannelBreakout } from '../../strategies/channel-breakout.ts';
import type { SignalStrategy } from '../../strategies/signal-strategy.ts';
import { StrategyRunner } from '../../strategies/strategy-runner.ts';

const INSTRUMENT = 'SOL-USD';
const bar = (at: number, close: number): Bar => ({
  ...{ instrumentId: INSTRUMENT, openMs: at * 1_000, closeMs: (at + 1) * 1_000 },
  ...{ open: close, high: close + 0.5, low: close - 0.5, close, volume: 1, trades: 1 },
});
const breakout = () =>
  new ChannelBreakout({
    ...{ strategyId: 'breakout', instruments: [INSTRUMENT], channelBars: 3, signalTtlMs: 5_000 },
  });
const reversion = () =>
  new BandReversion({
    ...{ strategyId: 'reversion', instruments: [INSTRUMENT], periodBars: 4, deviations: 1 },
    signalTtlMs: 5_000,
  });
/** Up through the channel with the fourth bar, down through the shorter one with the sixth. */
const BARS = [100, 100, 100, 101, 102, 98].map((close, at) => bar(at, close));

/** Runners over one store, as processes have them, and what they publish. */
function world(make: () => SignalStrategy<unknown> = breakout) {
  const clock = new ManualClock();
  const state = new MemoryStateStore({ clock });
  const signals: Signal[] = [];
  const runner = (
    publish = (signal: Signal): Promise<void> => {
      signals.push(signal);
      return Promise.resolve();
    },
  ) => new StrategyRunner([make()], { state, clock, publish });
  return { state, signals, runner };
}

describe('ChannelBreakout', () => {
  test('is in above the channel and out below the shorter one, once each', async () => {
    const { runner, signals } = world();
    const one = runner();
    for (const each of BARS) await one.onBar(each);
    expect(signals).toEqual([
      {
        ...{ signalId: 'breakout:SOL-USD:4000', strategyId: 'breakout', instrumentId: INSTRUMENT },
        ...{ direction: 'buy', confidence: 0.5, expiresAtMs: 9_000 },
        reasons: ['close 101 above 100.5, the highest of 3 bars'],
      },
      {
        ...{ signalId: 'breakout:SOL-USD:6000', strategyId: 'breakout', instrumentId: INSTRUMENT },
        ...{ direction: 'flat', confidence: 1, expiresAtMs: 11_000 },
        reasons: ['close 98 below 100.5, the lowest of the shorter channel'],
      },
    ]);
  });

  test('says nothing before the channel is full', async () => {
    const { runner, signals } = world();
    const one = runner();
    for (const each of [bar(0, 100), bar(1, 100), bar(2, 200)]) await one.onBar(each);
    expect(signals).toEqual([]);
  });
});

describe('BandReversion', () => {
  test('is in below the lower band and out above the average', async () => {
    const { runner, signals } = world(reversion);
    const one = runner();
    for (const [at, close] of [100, 100.1, 99.9, 97, 96, 99].entries()) await one.onBar(bar(at, close));
    expect(signals.map(({ signalId, direction }) => ({ signalId, direction }))).toEqual([
      { signalId: 'reversion:SOL-USD:4000', direction: 'buy' },
      { signalId: 'reversion:SOL-USD:6000', direction: 'flat' },
    ]);
    expect(signals[0]?.confidence).toBeGreaterThan(0.5);
    expect(signals[0]?.confidence).toBeLessThanOrEqual(1);
  });

  test('says nothing while prices stand still', async () => {
    const { runner, signals } = world(reversion);
    const one = runner();
    for (let at = 0; at < 8; at += 1) await one.onBar(bar(at, 100));
    expect(signals).toEqual([]);
  });
});

describe('StrategyRunner', () => {
  test('goes on in another process where the first has stopped', async () => {
    const { runner, signals } = world();
    const [one, two] = [runner(), runner()];
    for (const [at, each] of BARS.entries()) await (at % 2 === 0 ? one : two).onBar(each);
    expect(signals.map(({ signalId }) => signalId)).toEqual([
      'breakout:SOL-USD:4000',
      'breakout:SOL-USD:6000',
    ]);
  });

  test('makes nothing of a bar that comes again, here or elsewhere', async () => {
    const { runner, signals } = world();
    const [one, two] = [runner(), runner()];
    for (const each of BARS) await one.onBar(each);
    for (const each of BARS) await two.onBar(each);
    expect(signals).toHaveLength(2);
    expect(one.counts()).toEqual([
      { strategyId: 'breakout', instrumentIds: [INSTRUMENT], bars: 6, signals: 2 },
    ]);
    expect(two.counts()).toMatchObject([{ bars: 0, signals: 0 }]);
  });

  test('gives the same signal again when it died before the bar was done', async () => {
    const { runner, signals, state } = world();
    const one = runner();
    for (const each of BARS.slice(0, 3)) await one.onBar(each);
    const failing = new StrategyRunner([breakout()], {
      ...{ clock: new ManualClock() },
      state: { get: (key) => state.get(key), set: () => Promise.reject(new Error('gone')) },
      publish: (signal) => {
        signals.push(signal);
        return Promise.resolve();
      },
    });
    await expect(failing.onBar(bar(3, 101))).rejects.toThrow('gone');
    await one.onBar(bar(3, 101));
    expect(signals).toHaveLength(2);
    expect(signals[1]).toEqual(signals[0]);
  });

  test('does not take a bar for done whose signal could not be told', async () => {
    const { runner, signals } = world();
    const one = runner();
    for (const each of BARS.slice(0, 3)) await one.onBar(each);
    const deaf = runner(() => Promise.reject(new Error('no bus')));
    await expect(deaf.onBar(bar(3, 101))).rejects.toThrow('no bus');
    await one.onBar(bar(3, 101));
    expect(signals).toHaveLength(1);
  });

  test('refuses a state that is none of the strategy', async () => {
    const { runner, state } = world();
    await state.set('strategy/breakout/SOL-USD', { barOpenMs: 0, state: { closes: [] } });
    await expect(runner().onBar(bar(1, 100))).rejects.toThrow();
  });

  test('leaves alone what a strategy does not trade', async () => {
    const { runner, state } = world();
    await runner().onBar({ ...bar(0, 100), instrumentId: 'BTC-USD' });
    expect(await state.list('strategy/')).toEqual([]);
  });
});
