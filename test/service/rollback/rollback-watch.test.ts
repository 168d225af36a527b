import { describe, expect, test } from 'vitest';
import { AuditLog } from '../../../src/audit/index.ts';
import { ManualClock, person, system } from '../../../src/core/index.ts';
import {
  BaselineStore,
  callHook,
  flipFlag,
  RollbackWatch,
  type StatsSample,
  type TriggerReport,
} from '../../../src/service/index.ts';
import { MemoryAppendLog, MemoryStateStore } from '../../../src/storage/index.ts';
import { minute, START_MS, trigger, TurnedStats, watching, watchWorld, type WatchWorld } from './support.ts';

const ADA = person('ada');

/** Two bad minutes: the default trigger fires at the second. */
async function degrade(world: WatchWorld): Promise<readonly TriggerReport[]> {
  await minute(world, 100, 50);
  return minute(world, 100, 50);
}

const series = async ({ registry }: WatchWorld, name: string): Promise<string[]> =>
  (await registry.exposition()).split('\n').filter((line) => line.startsWith(name));

describe('RollbackWatch', () => {
  test('does nothing while the version is well', async () => {
    const world = await watching();
    for (let at = 0; at < 10; at += 1) await minute(world, 100, 2);
    expect([world.ran, world.audit.events, world.watch.fired]).toEqual([[], [], []]);
  });

  test('runs the actions once when the trigger fires, and says what it did', async () => {
    const world = await watching();
    const reports = await degrade(world);
    expect(reports).toEqual([
      {
        trigger: 'errors',
        verdict: 'fail',
        because: '0.5, allowed 0.05',
        measured: 0.5,
        allowed: 0.05,
        samples: 100,
        chance: expect.any(Number) as number,
        isFired: true,
        isFiring: true,
        failed: 2,
        conclusive: 2,
        outcomes: [{ action: 'hook', outcome: 'done' }],
      },
    ]);
    await degrade(world);
    expect([world.ran, world.watch.fired]).toEqual([['errors'], ['errors']]);
  });

  test('writes why, and how it ended, to the audit log', async () => {
    const world = await watching();
    const [report] = await degrade(world);
    expect(world.audit.events).toEqual([
      {
        kind: 'rollback.fired',
        by: system('rollback/errors'),
        trigger: 'errors',
        version: '1.4.0',
        atMs: START_MS + 120_000,
        verdict: {
          verdict: 'fail',
          because: '0.5, allowed 0.05',
          measured: 0.5,
          allowed: 0.05,
          samples: 100,
          chance: report?.chance,
        },
        failed: 2,
        conclusive: 2,
        dryRun: false,
      },
      {
        kind: 'rollback.acted',
        by: system('rollback/errors'),
        trigger: 'errors',
        version: '1.4.0',
        outcomes: [{ action: 'hook', outcome: 'done' }],
      },
    ]);
  });

  test('writes what a real audit log takes', async () => {
    const log = new MemoryAppendLog();
    const audit = await AuditLog.open(log, { clock: new ManualClock() });
    const world = await watching({}, { audit });
    await degrade(world);
    expect([audit.head.seq, world.lines.filter((line) => line.includes('audit'))]).toEqual([2, []]);
  });

  test('one action that fails or hangs keeps none of the others from running', async () => {
    const ran: string[] = [];
    const clock = new ManualClock(START_MS);
    let wasAborted = false;
    const world = await watching(
      { actionTimeoutMs: 1000 },
      {
        clock,
        actions: [
          callHook('throws', () => {
            throw new Error('no route');
          }),
          callHook('rejects', () => Promise.reject(new Error('refused'))),
          callHook('hangs', (_, signal) => {
            signal.addEventListener('abort', () => (wasAborted = true));
            return new Promise(() => {});
          }),
          callHook('works', () => void ran.push('works')),
        ],
      },
    );
    const driven = { ...world, clock };
    await minute(driven, 100, 50);
    const firing = minute(driven, 100, 50);
    await clock.turn();
    clock.advance(1000);
    expect((await firing)[0]?.outcomes).toEqual([
      { action: 'throws', outcome: 'failed', error: 'no route' },
      { action: 'rejects', outcome: 'failed', error: 'refused' },
      { action: 'hangs', outcome: 'late', error: 'not done within 1000 ms' },
      { action: 'works', outcome: 'done' },
    ]);
    expect([ran, wasAborted]).toEqual([['works'], true]);
    expect(await series(world, 'service_rollback_actions_total{action="hangs"')).toEqual([
      'service_rollback_actions_total{action="hangs",outcome="done"} 0',
      'service_rollback_actions_total{action="hangs",outcome="failed"} 0',
      'service_rollback_actions_total{action="hangs",outcome="late"} 1',
      'service_rollback_actions_total{action="hangs",outcome="dry-run"} 0',
    ]);
  });

  test('flips a flag in its own name', async () => {
    const calls: unknown[] = [];
    const control = { set: (...args: unknown[]) => Promise.resolve(void calls.push(args)) };
    const world = await watching(
      {},
      { actions: [flipFlag({ flag: 'new-router', value: false }, { control })] },
    );
    const [report] = await degrade(world);
    expect(report?.outcomes).toEqual([{ action: 'flag new-router', outcome: 'done' }]);
    expect(calls).toEqual([
      ['new-router', false, system('rollback/errors'), 'version 1.4.0: 0.5, allowed 0.05'],
    ]);
  });

  test('in a dry run says what it would do, once, and does nothing', async () => {
    const world = await watching({ dryRun: true });
    const [report] = await degrade(world);
    await degrade(world);
    expect([world.ran, report?.outcomes]).toEqual([[], [{ action: 'hook', outcome: 'dry-run' }]]);
    expect(world.audit.events.map(({ kind, dryRun }) => [kind, dryRun])).toEqual([
      ['rollback.fired', true],
      ['rollback.acted', undefined],
    ]);
  });

  test('rolls back even when the audit log is down, and logs that', async () => {
    const world = await watching();
    world.audit.down = true;
    await degrade(world);
    expect(world.ran).toEqual(['errors']);
    expect(world.lines).toContain('error rollback: the audit log does not take it');
  });

  test('an audit log that hangs holds neither the rollback nor the next check', async () => {
    const audit = { record: () => new Promise(() => {}) };
    const world = await watching({ actionTimeoutMs: 1000 }, { audit });
    await minute(world, 100, 50);
    const firing = minute(world, 100, 50);
    await world.clock.turn();
    expect(world.ran).toEqual(['errors']);
    for (let at = 0; at < 2; at += 1) {
      world.clock.advance(1000);
      await world.clock.turn();
    }
    expect((await firing)[0]?.outcomes).toEqual([{ action: 'hook', outcome: 'done' }]);
    expect((await minute(world, 100, 0))[0]?.verdict).toBe('pass');
    expect(world.lines.filter((line) => line.includes('audit'))).toEqual([
      'error rollback: the audit log does not take it',
      'error rollback: the audit log does not take it',
    ]);
  });

  test('counts nothing of the warm-up, which begins with the first check', async () => {
    const world = await watching({ warmUpMs: 120_000 });
    const reports = [];
    for (let at = 0; at < 4; at += 1) reports.push((await minute(world, 100, 50))[0]);
    expect(reports.map((report) => [report?.because, report?.isFiring])).toEqual([
      ['warming up', false],
      ['0.5, allowed 0.05', false],
      ['0.5, allowed 0.05', true],
      ['0.5, allowed 0.05', false],
    ]);
  });

  test('tells several triggers apart', async () => {
    const world = await watching({
      triggers: [trigger(), trigger({ name: 'slow', measure: { kind: 'latency-mean' } })],
    });
    const reports = await degrade(world);
    expect(reports.map(({ trigger: name, verdict, isFired }) => [name, verdict, isFired])).toEqual([
      ['errors', 'fail', true],
      ['slow', 'inconclusive', false],
    ]);
  });

  test('checks asked for at once are one check', async () => {
    const world = await watching();
    const before = world.stats.asked;
    const [one, other] = await Promise.all([world.watch.check(), world.watch.check()]);
    expect([one === other, world.stats.asked - before]).toEqual([true, 1]);
  });
});

describe('no data', () => {
  const broken = { requests: 5, errors: 6 };
  test.each([
    ['undefined', () => undefined],
    ['an error', () => Promise.reject(new Error('down'))],
    ['more errors than requests', () => broken],
    ['NaN', () => ({ requests: NaN, errors: NaN })],
    ['a fraction of a request', () => ({ requests: 1.5, errors: 1 })],
    ['nonsense', () => 'many' as unknown as StatsSample],
    [
      'buckets without a total',
      () => ({ requests: 1, errors: 1, latency: { upperBounds: [1], cumulativeCounts: [1], sumSeconds: 1 } }),
    ],
    [
      'buckets that fall',
      () => ({
        requests: 1,
        errors: 1,
        latency: { upperBounds: [1], cumulativeCounts: [2, 1], sumSeconds: 1 },
      }),
    ],
    [
      'bounds that fall',
      () => ({
        requests: 1,
        errors: 1,
        latency: { upperBounds: [2, 1], cumulativeCounts: [0, 1, 1], sumSeconds: 1 },
      }),
    ],
  ])('is inconclusive and never fires: %s', async (_, sample) => {
    const world = await watching(
      { triggers: [trigger({ failures: 1, of: 1, minSamples: 1 })] },
      { stats: { sample } },
    );
    for (let at = 0; at < 5; at += 1) {
      world.clock.advance(60_000);
      const [report] = await world.watch.check();
      expect([report?.verdict, report?.because]).toEqual(['inconclusive', 'no data']);
    }
    expect(world.ran).toEqual([]);
  });

  test('a sample that hangs is none after its time', async () => {
    let wasAborted = false;
    const sample = (signal: AbortSignal): Promise<undefined> => {
      signal.addEventListener('abort', () => (wasAborted = true));
      return new Promise(() => {});
    };
    const world = watchWorld({ sampleTimeoutMs: 1000 }, { stats: { sample } });
    const checking = world.watch.check();
    await world.clock.turn();
    world.clock.advance(1000);
    const [report] = await checking;
    expect([report?.because, wasAborted]).toEqual(['no data', true]);
    expect(world.lines).toEqual(['warn rollback: no data']);
  });

  test('data that comes back is compared with the last there was', async () => {
    const world = await watching();
    const before = world.stats.now;
    world.stats.now = undefined;
    world.clock.advance(60_000);
    await world.watch.check();
    world.stats.now = before;
    expect((await minute(world, 100, 3))[0]).toMatchObject({ verdict: 'pass', measured: 0.03, samples: 100 });
  });
});

describe('arming again', () => {
  test('is for a named person, in the audit log, and lets it fire again', async () => {
    const world = await watching();
    await degrade(world);
    await world.watch.rearm('errors', ADA, 'repaired');
    expect(world.audit.events.at(-1)).toEqual({
      kind: 'rollback.rearmed',
      by: ADA,
      reason: 'repaired',
      trigger: 'errors',
      version: '1.4.0',
    });
    expect(world.watch.fired).toEqual([]);
    await degrade(world);
    expect(world.ran).toEqual(['errors', 'errors']);
  });

  test.each([
    ['nobody', undefined as never, 'repaired', 'errors', 'PRINCIPAL_REQUIRED'],
    ['a part of the system', system('cron'), 'repaired', 'errors', 'PRINCIPAL_REQUIRED'],
    ['no reason', ADA, ' ', 'errors', 'PRINCIPAL_REQUIRED'],
    ['an unknown trigger', ADA, 'repaired', 'error', 'INPUT_INVALID'],
  ])('is refused for %s', async (_, by, reason, name, code) => {
    const world = await watching();
    await degrade(world);
    await expect(world.watch.rearm(name, by, reason)).rejects.toMatchObject({ code });
    expect(world.watch.fired).toEqual(['errors']);
  });

  test('is refused when the audit log does not take it', async () => {
    const world = await watching();
    await degrade(world);
    world.audit.down = true;
    await expect(world.watch.rearm('errors', ADA, 'repaired')).rejects.toThrow('no room');
    expect(world.watch.fired).toEqual(['errors']);
  });

  test('changes nothing for one that has not fired', async () => {
    const world = await watching();
    await world.watch.rearm('errors', ADA, 'to be sure');
    expect(world.audit.events).toEqual([]);
  });
});

describe('a restart', () => {
  test('of the same version does not fire again, of another one does', async () => {
    const state = new MemoryStateStore({ clock: new ManualClock() });
    const first = await watching({}, { state });
    await degrade(first);
    const same = await watching({}, { state });
    await degrade(same);
    const next = await watching({ version: '1.4.1' }, { state });
    await degrade(next);
    expect([first.ran, same.ran, next.ran]).toEqual([['errors'], [], ['errors']]);
    expect(same.watch.fired).toEqual(['errors']);

    await same.watch.rearm('errors', ADA, 'repaired');
    const later = await watching({}, { state });
    expect(later.watch.fired).toEqual([]);
  });

  test('with a store that is down still rolls back, and logs that', async () => {
    const state = new MemoryStateStore({ clock: new ManualClock() });
    await state.close();
    const world = await watching({}, { state });
    await degrade(world);
    expect(world.ran).toEqual(['errors']);
    expect(world.lines).toEqual([
      'error rollback: what has fired before cannot be read',
      'error rollback: fired',
      'error rollback: that it has fired cannot be kept',
    ]);
  });
});

describe('a baseline', () => {
  const against = { to: 'baseline', ratio: 2, minDifference: 0.01 } as const;
  const triggers = [trigger({ against })];
  const store = (): BaselineStore => {
    const clock = new ManualClock(START_MS);
    return new BaselineStore({ clock, state: new MemoryStateStore({ clock }) });
  };

  test('that was recorded is compared with', async () => {
    const baselines = store();
    await baselines.record('1.3.0', { requests: 5000, errors: 50 });
    const world = await watching(
      { triggers },
      { baseline: { kind: 'recorded', store: baselines, version: '1.3.0' } },
    );
    const [report] = await degrade(world);
    expect(report).toMatchObject({ isFiring: true, measured: 0.5, baseline: 0.01, baselineSamples: 5000 });
  });

  test('may be recorded later', async () => {
    const baselines = store();
    const world = await watching(
      { triggers },
      { baseline: { kind: 'recorded', store: baselines, version: '1.3.0' } },
    );
    const [before] = await minute(world, 100, 50);
    await baselines.record('1.3.0', { requests: 5000, errors: 50 });
    const [after] = await minute(world, 100, 50);
    expect([before?.verdict, after?.verdict]).toEqual(['inconclusive', 'fail']);
  });

  test('that cannot be read is none', async () => {
    const clock = new ManualClock();
    const state = new MemoryStateStore({ clock });
    await state.set('rollback/baseline/1.3.0', { formatVersion: 1 });
    const baseline = {
      kind: 'recorded',
      store: new BaselineStore({ clock, state }),
      version: '1.3.0',
    } as const;
    const world = await watching({ triggers }, { baseline });
    await degrade(world);
    expect([world.ran, world.lines[0]]).toEqual([[], 'warn rollback: no baseline']);
  });

  test('may be another version that runs now', async () => {
    const live = new TurnedStats();
    const world = await watching({ triggers }, { baseline: { kind: 'live', stats: live } });
    live.add(1000, 5);
    const [report] = await minute(world, 100, 50);
    expect(report).toMatchObject({ verdict: 'fail', baseline: 0.005 });
  });

  test('is needed by a trigger that compares with one', async () => {
    const world = await watching({ triggers });
    await degrade(world);
    expect(world.ran).toEqual([]);
  });
});

describe('run', () => {
  test('checks at once and then at each interval, until its signal aborts', async () => {
    const world = watchWorld({ everyMs: 1000 });
    const stop = new AbortController();
    const running = world.watch.run(stop.signal);
    await world.clock.turn();
    for (let at = 0; at < 3; at += 1) {
      world.clock.advance(1000);
      await world.clock.turn();
    }
    expect(world.stats.asked).toBe(4);
    stop.abort();
    await running;
    expect(world.clock.nextDueMs).toBe(Infinity);
    world.clock.advance(10_000);
    expect(world.stats.asked).toBe(4);
  });

  test('does not begin with a signal that is aborted', async () => {
    const world = watchWorld();
    await world.watch.run(AbortSignal.abort());
    expect(world.stats.asked).toBe(0);
  });
});

describe('metrics', () => {
  test('are there before the first check', async () => {
    const world = watchWorld();
    expect(await series(world, 'service_rollback')).toEqual([
      'service_rollback_state{trigger="errors",state="pass"} 0',
      'service_rollback_state{trigger="errors",state="fail"} 0',
      'service_rollback_state{trigger="errors",state="inconclusive"} 1',
      'service_rollback_state{trigger="errors",state="fired"} 0',
      'service_rollback_checks_total{trigger="errors",verdict="pass"} 0',
      'service_rollback_checks_total{trigger="errors",verdict="fail"} 0',
      'service_rollback_checks_total{trigger="errors",verdict="inconclusive"} 0',
      'service_rollback_actions_total{action="hook",outcome="done"} 0',
      'service_rollback_actions_total{action="hook",outcome="failed"} 0',
      'service_rollback_actions_total{action="hook",outcome="late"} 0',
      'service_rollback_actions_total{action="hook",outcome="dry-run"} 0',
    ]);
  });

  test('follow the verdicts, and say fired until a person arms the trigger again', async () => {
    const world = await watching();
    const now = async (): Promise<unknown> =>
      (await series(world, 'service_rollback_state'))
        .find((line) => line.endsWith(' 1'))
        ?.match(/state="([^"]+)/)?.[1];
    const states = [];
    for (const errors of [0, 50, 50, 0]) {
      await minute(world, 100, errors);
      states.push(await now());
    }
    await world.watch.rearm('errors', ADA, 'repaired');
    states.push(await now());
    expect(states).toEqual(['pass', 'fail', 'fired', 'fired', 'inconclusive']);
    expect(await series(world, 'service_rollback_checks_total')).toEqual([
      'service_rollback_checks_total{trigger="errors",verdict="pass"} 2',
      'service_rollback_checks_total{trigger="errors",verdict="fail"} 2',
      'service_rollback_checks_total{trigger="errors",verdict="inconclusive"} 1',
    ]);
  });
});

describe('options', () => {
  test.each([
    ['no trigger', { triggers: [] }, 'triggers'],
    ['two of one name', { triggers: [trigger(), trigger()] }, 'triggers: expected names that differ'],
    ['a misspelt field', { everMs: 5 }, 'everMs'],
  ])('are refused with %s', (_, options, message) => {
    expect(() => watchWorld(options as never)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  test('refuses two actions of one name', () => {
    const { clock, stats, audit } = watchWorld();
    const actions = [callHook('a', () => {}), callHook('a', () => {})];
    expect(
      () => new RollbackWatch({ version: '1', triggers: [trigger()] }, { clock, stats, audit, actions }),
    ).toThrow('actions: expected names that differ, got a, a');
  });
});
