import { describe, expect, test } from 'vitest';
import { Bulkhead, type BulkheadOptions, type Outcome, type Work } from '../../../src/resilience/index.ts';
import type { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { WaitingWorld } from './waiting-world.ts';

const bulkheadOf = (world: WaitingWorld, options: Partial<BulkheadOptions> = {}, metrics?: MetricsRegistry) =>
  new Bulkhead({ maxConcurrent: 2, ...options }, { clock: world.clock, metrics });

/** Work that ends when told to. */
class Held {
  readonly #outcome = Promise.withResolvers<Outcome<unknown>>();
  readonly #ended = Promise.withResolvers<undefined>();
  readonly work: Work<unknown> = () => this.#outcome.promise;

  end(): void {
    this.#outcome.resolve({ ok: true, value: 'done' });
  }

  /** The outcome comes, the work goes on. */
  giveUp(): void {
    const failure = {
      code: 'TIMED_OUT',
      upstream: 'failing',
      mayRetry: true,
      scope: 'attempt',
      timeoutMs: 1,
    } as const;
    this.#outcome.resolve({ ok: false, failure: { ...failure, stillRunning: this.#ended.promise } });
  }

  reallyEnd(): void {
    this.#ended.resolve(undefined);
  }

  /** Breaks the promise of `stillRunning` never to reject. */
  endBadly(): void {
    this.#ended.reject(new Error('bad'));
  }

  throw(error: Error): void {
    this.#outcome.reject(error);
  }
}

const full = (running: number, waiting: number): Outcome<never> => ({
  ok: false,
  failure: { code: 'BULKHEAD_FULL', upstream: 'unknown', mayRetry: false, running, waiting },
});

describe('Bulkhead', () => {
  test('lets `maxConcurrent` run and refuses the next, as a value', async () => {
    const world = new WaitingWorld();
    const bulkhead = bulkheadOf(world);
    const held = [new Held(), new Held()];
    for (const { work } of held) world.ask(bulkhead, 'runs', {}, work);
    const refused = world.ask(bulkhead, 'refused');
    await world.clock.turn();
    expect(refused.outcome).toEqual(full(2, 0));
    expect(bulkhead.status()).toEqual({ running: 2, abandoned: 0, waiting: 0 });
    held[0]?.end();
    await world.clock.turn();
    expect(bulkhead.status()).toEqual({ running: 1, abandoned: 0, waiting: 0 });
    const next = world.ask(bulkhead, 'next');
    await world.clock.turn();
    expect(next.outcome).toEqual({ ok: true, value: 'next' });
  });

  test('the others wait, the most urgent first, and go as slots become free', async () => {
    const world = new WaitingWorld();
    const bulkhead = bulkheadOf(world, { maxConcurrent: 1, maxQueued: 3 });
    const first = new Held();
    const urgent = new Held();
    world.ask(bulkhead, 'first', {}, first.work);
    world.ask(bulkhead, 'low', { priority: 'low' });
    world.ask(bulkhead, 'normal');
    const asked = world.ask(bulkhead, 'urgent', { priority: 'critical' }, urgent.work);
    const refused = world.ask(bulkhead, 'refused', { priority: 'low' });
    await world.advance(700);
    expect(world.began).toEqual(['first']);
    expect(refused.outcome).toEqual(full(1, 3));
    first.end();
    await world.clock.turn();
    expect(world.began).toEqual(['first', 'urgent']);
    expect(asked.call.stats.waitMs).toBe(700);
    urgent.end();
    await world.clock.turn();
    expect(world.began).toEqual(['first', 'urgent', 'normal', 'low']);
  });

  test('ageing lifts those who wait', async () => {
    const world = new WaitingWorld();
    const bulkhead = bulkheadOf(world, { maxConcurrent: 1, maxQueued: 3, ageingMs: 100 });
    const first = new Held();
    world.ask(bulkhead, 'first', {}, first.work);
    world.ask(bulkhead, 'low', { priority: 'low' });
    await world.advance(300);
    world.ask(bulkhead, 'critical', { priority: 'critical' });
    first.end();
    await world.clock.turn();
    expect(world.began).toEqual(['first', 'low', 'critical']);
  });

  test('a more urgent newcomer takes the place of the last in a full line', async () => {
    const world = new WaitingWorld();
    const bulkhead = bulkheadOf(world, { maxConcurrent: 1, maxQueued: 1 });
    const first = new Held();
    world.ask(bulkhead, 'first', {}, first.work);
    const low = world.ask(bulkhead, 'low', { priority: 'low' });
    world.ask(bulkhead, 'high', { priority: 'high' });
    await world.clock.turn();
    expect(low.outcome).toEqual(full(1, 1));
    first.end();
    await world.clock.turn();
    expect(world.began).toEqual(['first', 'high']);
  });

  describe('work that was given up', () => {
    test('keeps its slot until it has really ended, and shows as abandoned', async () => {
      const world = new WaitingWorld();
      const bulkhead = bulkheadOf(world, { maxConcurrent: 1, maxQueued: 1 });
      const held = new Held();
      const asked = world.ask(bulkhead, 'given up', {}, held.work);
      world.ask(bulkhead, 'next');
      held.giveUp();
      await world.clock.turn();
      expect(asked.outcome).toMatchObject({ ok: false, failure: { code: 'TIMED_OUT' } });
      expect(bulkhead.status()).toEqual({ running: 1, abandoned: 1, waiting: 1 });
      expect(world.began).toEqual(['given up']);
      held.reallyEnd();
      await world.clock.turn();
      expect(world.began).toEqual(['given up', 'next']);
      expect(bulkhead.status()).toEqual({ running: 0, abandoned: 0, waiting: 0 });
    });

    test('a server that hangs gets no more than `maxConcurrent`, whatever times out', async () => {
      const world = new WaitingWorld();
      const bulkhead = bulkheadOf(world, { maxConcurrent: 2 });
      const held = Array.from({ length: 40 }, () => new Held());
      for (const { work } of held) {
        world.ask(bulkhead, 'call', {}, work);
        for (const one of held) one.giveUp();
        await world.clock.turn();
      }
      expect(world.began).toHaveLength(2);
      expect(bulkhead.status()).toEqual({ running: 2, abandoned: 2, waiting: 0 });
    });

    test('frees its slot even when the end of it is a rejection', async () => {
      const world = new WaitingWorld();
      const bulkhead = bulkheadOf(world);
      const held = new Held();
      world.ask(bulkhead, 'a', {}, held.work);
      held.giveUp();
      held.endBadly();
      await world.clock.turn();
      expect(bulkhead.status()).toEqual({ running: 0, abandoned: 0, waiting: 0 });
    });
  });

  test.each([
    [
      'throws',
      (error: Error): Work<never> =>
        () => {
          throw error;
        },
    ],
    [
      'rejects',
      (error: Error): Work<never> =>
        () =>
          Promise.reject(error),
    ],
  ])('work that breaks its promise and %s loses no slot', async (_, work) => {
    const world = new WaitingWorld();
    const bulkhead = bulkheadOf(world, { maxConcurrent: 1 });
    const error = new Error('no work of ours does this');
    const { call } = world.ask(bulkhead, 'a');
    await world.clock.turn();
    await expect((async () => bulkhead.run(work(error), call))()).rejects.toBe(error);
    expect(bulkhead.status()).toEqual({ running: 0, abandoned: 0, waiting: 0 });
  });

  describe('a wait', () => {
    const busy = (world: WaitingWorld, options: Partial<BulkheadOptions> = {}) => {
      const bulkhead = bulkheadOf(world, { maxConcurrent: 1, maxQueued: 5, ...options });
      const held = new Held();
      world.ask(bulkhead, 'first', {}, held.work);
      return { bulkhead, held };
    };

    test('ends when `maxWaitMs` is over, to the millisecond', async () => {
      const world = new WaitingWorld();
      const { bulkhead, held } = busy(world, { maxWaitMs: 1_000 });
      const asked = world.ask(bulkhead, 'a');
      await world.advance(1);
      const later = world.ask(bulkhead, 'b');
      await world.advance(998);
      expect(asked.outcome).toBeUndefined();
      await world.advance(1);
      expect(asked.outcome).toEqual(full(1, 2)); // itself and the other
      expect(asked.call.stats.waitMs).toBe(1_000);
      held.end();
      await world.clock.turn();
      expect(later.outcome).toEqual({ ok: true, value: 'b' });
    });

    test('ends at the deadline of the call, where that is sooner, and is not begun when that is over', async () => {
      const world = new WaitingWorld();
      const { bulkhead } = busy(world, { maxWaitMs: 1_000 });
      const late = world.ask(bulkhead, 'late', { deadlineMs: 0 });
      const none = world.ask(bulkhead, 'no deadline that can be', { deadlineMs: NaN });
      const sooner = world.ask(bulkhead, 'sooner', { deadlineMs: 300 });
      await world.advance(0);
      expect([late.outcome, none.outcome, sooner.outcome]).toEqual([full(1, 0), full(1, 0), undefined]);
      await world.advance(300);
      expect(sooner.outcome).toEqual(full(1, 1));
    });

    test('has no timer where nothing bounds it, and one where something does', async () => {
      const world = new WaitingWorld();
      const { bulkhead, held } = busy(world);
      for (const name of ['a', 'b', 'c']) world.ask(bulkhead, name);
      expect(world.clock.timers).toBe(0);
      for (const deadlineMs of [500, 600]) world.ask(bulkhead, 'bounded', { deadlineMs });
      expect(world.clock.timers).toBe(1);
      held.end();
      await world.clock.turn();
      expect(world.clock.timers).toBe(0);
    });

    test('is ended by an abort within the tick', async () => {
      const world = new WaitingWorld();
      const { bulkhead } = busy(world);
      const controller = new AbortController();
      const asked = world.ask(bulkhead, 'a', { signal: controller.signal });
      const reason = new Error('gone');
      controller.abort(reason);
      expect(bulkhead.status().waiting).toBe(0);
      await world.clock.turn();
      expect(asked.outcome).toEqual({
        ok: false,
        failure: { code: 'ABORTED', upstream: 'unknown', mayRetry: false, reason, stillRunning: undefined },
      });
      expect(world.began).toEqual(['first']);
    });
  });

  test('a call that is aborted already is not run, free slot or not', async () => {
    const world = new WaitingWorld();
    const bulkhead = bulkheadOf(world);
    const asked = world.ask(bulkhead, 'a', { signal: AbortSignal.abort() });
    await world.clock.turn();
    expect(asked.outcome).toMatchObject({ ok: false, failure: { code: 'ABORTED' } });
    expect(world.began).toEqual([]);
  });

  test.each([
    { maxConcurrent: 0 },
    { maxConcurrent: 1.5 },
    { maxQueued: -1 },
    { maxWaitMs: -1 },
    { queue: 1 },
  ])('refuses the option %o by name', (options) => {
    const name = Object.keys(options)[0] ?? '';
    expect(() => bulkheadOf(new WaitingWorld(), options)).toThrow(name);
  });
});
