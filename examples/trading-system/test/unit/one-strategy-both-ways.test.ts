import { ManualClock, TradingDay, lots, ticks } from 'portcullis/core';
import { Journal, OrderDesk, PaperVenue, StrategyHost, Venue } from 'portcullis/desk';
import { ExecutionPolicy } from 'portcullis/execution';
import { KillSwitch, RiskGuard } from 'portcullis/risk';
import { MemoryAppendLog, MemoryStateStore } from 'portcullis/storage';
import { type Bar, Book, type Signal } from 'portcullis/trading';
import { describe, expect, test } from 'vitest';
import { instrumentsOf, parseConfig } from '../../config.ts';
import { configuredStrategies } from '../../strategies/configured-strategies.ts';
import { StrategyRunner } from '../../strategies/strategy-runner.ts';
import { SignalTrader } from '../../trading/signal-trader.ts';

const config = parseConfig({
  strategies: [{ kind: 'channel-breakout', instruments: ['SOL-USD'], channelBars: 3, signalTtlMs: 60_000 }],
});
const CLOSES = [100, 100, 100, 101, 102, 98, 98, 98, 103];

const barsFrom = (nowMs: number): readonly Bar[] =>
  CLOSES.map((close, at) => ({
    ...{ instrumentId: 'SOL-USD', openMs: nowMs + at, closeMs: nowMs + at + 1 },
    ...{ open: close, high: close + 0.5, low: close - 0.5, close, volume: 1, trades: 1 },
  }));

/** Lets time pass until it is settled. */
async function through<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  const state = { isOver: false };
  const over = (): void => {
    state.isOver = true;
  };
  promise.then(over, over);
  for (let turns = 0; !state.isOver && turns < 10_000; turns += 1) {
    clock.advance(1);
    await clock.turn();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}

/** Where a signals process runs it: on bars of the bus, with its state in a store. */
async function inTheSignalsService(bars: readonly Bar[]): Promise<readonly Signal[]> {
  const clock = new ManualClock();
  const signals: Signal[] = [];
  const publish = (signal: Signal): Promise<void> => {
    signals.push(signal);
    return Promise.resolve();
  };
  const runner = new StrategyRunner(configuredStrategies(config), {
    ...{ state: new MemoryStateStore({ clock }), clock, publish },
  });
  for (const bar of bars) await runner.onBar(bar);
  return signals;
}

/** A desk on paper, and the strategy on it, with orders made of its signals as the trading process makes them. */
async function onADesk() {
  const clock = new ManualClock();
  const instruments = instrumentsOf(config);
  const book = new Book();
  const journal = await Journal.open(
    { input: {}, accounts: [config.account] },
    { log: new MemoryAppendLog(), book, instruments, clock, tradingDay: new TradingDay() },
  );
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const guard = new RiskGuard(config.limits.risk, { book, killSwitch, clock });
  const policy = new ExecutionPolicy(config.limits.execution);
  const paper = new PaperVenue({ latencyMs: 0 }, { clock, instruments });
  const parts = { book, journal, killSwitch, guard, policy, instruments, clock };
  const desk = new OrderDesk({ reconcileEveryMs: 'never' }, { ...parts, venue: new Venue(paper) });
  await through(clock, desk.start());
  const level = (price: number) => [{ price: ticks(price), quantity: lots(1_000_000) }];
  const seen = { instrumentId: 'SOL-USD', bids: level(99_990), asks: level(100_010) };
  const received = { receivedMs: clock.nowMs(), receivedMonotonicMs: clock.monotonicMs() };
  paper.onMarket({ type: 'snapshot', updateId: 1, ...seen, ...received });
  const none = { recentVolume: lots(0), volumeWindowMs: 60_000, problems: [] };
  desk.mark({ ...seen, ...received, ...none, mark: ticks(100_000) });
  const trader = new SignalTrader(config, { desk, clock, instruments });
  const signals: Signal[] = [];
  const outcomes: Promise<string>[] = [];
  const host = new StrategyHost(configuredStrategies(config), {
    ...{ desk, killSwitch, clock },
    onSignal: (signal) => {
      signals.push(signal);
      outcomes.push(trader.take(signal));
    },
  });
  return { clock, desk, host, signals, outcomes };
}

describe('a strategy written once', () => {
  test('says on a desk in its own process what it says in a signals process, and its orders fill', async () => {
    const { clock, desk, host, signals, outcomes } = await onADesk();
    const bars = barsFrom(clock.nowMs());
    for (const bar of bars) {
      host.onBar(bar);
      await through(clock, Promise.all(outcomes));
      await through(clock, desk.settled());
      clock.advance(10);
      await clock.turn();
    }
    expect(await Promise.all(outcomes)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(signals.map(({ direction }) => direction)).toEqual(['buy', 'flat', 'buy']);
    expect(await inTheSignalsService(bars)).toEqual(signals);
    expect(desk.book.cell('main', 'SOL-USD')?.share('channel-breakout')).toMatchObject({ pos: 999 });
    await through(clock, desk.stop());
  });
});
