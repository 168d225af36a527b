import { describe, expect, test } from 'vitest';
import { person, system } from '../../../src/core/index.ts';
import { LimitControl } from '../../../src/desk/index.ts';
import { parseExecutionLimits } from '../../../src/execution/execution-limits.ts';
import { parseRiskLimits } from '../../../src/risk/index.ts';
import { lots } from '../../../src/core/index.ts';
import { heldOf, pricedOf } from '../../support/orders.ts';
import { settle } from '../../support/state-stores.ts';
import { quotedAt } from '../../support/views.ts';
import {
  ANN,
  NOW_MS,
  ScriptedAudit,
  WRITE_MS,
  execution,
  failure,
  limitWorld,
  risk,
} from '../support/limit-world.ts';

const why = { by: ANN, reason: 'calmer markets' };
const HASH = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
const ID = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
const sizeOf = (from: string, to: string) => ({ path: 'risk.maxPositionNotional', from, to });

describe('LimitControl, a change', () => {
  test('is in force when it has been made, and says what differs', async () => {
    const { control, passes } = await limitWorld();
    expect([passes(50), passes(51)]).toEqual([true, false]);

    expect(await control.change({ risk: risk('6000'), ...why })).toEqual({
      kind: 'changed',
      differences: [sizeOf('5000', '6000')],
      before: HASH,
      after: HASH,
    });

    expect([passes(60), passes(61)]).toEqual([true, false]);
    expect(control.status).toEqual({ kind: 'settled', hash: HASH });
  });

  test('changes the limits of both engines, and only those that it names', async () => {
    const { control, passes, collared } = await limitWorld();
    await control.change({ risk: risk('6000'), execution: execution(700), ...why });
    await control.change({ execution: execution(800), ...why });
    expect([passes(60), passes(61), collared(108), collared(109)]).toEqual([true, false, false, true]);
  });

  test('what is tighter counts before anything is written, what is looser only when all of it is', async () => {
    const { control, scripted, passes, collared } = await limitWorld();
    scripted.mode = 'wait';
    const change = control.change({ risk: risk('4000'), execution: execution(900), ...why });
    expect([passes(41), collared(106), control.status.kind]).toEqual([false, true, 'changing']);

    await settle();
    expect([passes(40), passes(41), collared(105), collared(106)]).toEqual([true, false, false, true]);

    scripted.mode = 'write';
    scripted.answer();
    await change;
    expect([passes(40), passes(41), collared(109), collared(110)]).toEqual([true, false, false, true]);
  });

  test('is recorded with who, why, what and both hashes, before it counts', async () => {
    const { control, audit } = await limitWorld();
    const { before, after } = await control.change({ risk: risk('6000'), ...why });
    const about = {
      ...why,
      changeId: ID,
      differences: [sizeOf('5000', '6000')],
      before,
      after,
      fileHash: undefined,
    };
    expect(audit.events).toEqual([
      { kind: 'limits.change-asked', ...about },
      { kind: 'limits.changed', ...about },
    ]);
    expect(before).not.toBe(after);
  });

  test('stands on disk as somebody could have written it', async () => {
    const { control, scripted } = await limitWorld();
    await control.change({ execution: execution(900), ...why });
    expect(scripted.written).toEqual([{ version: 1, changeId: ID, ...control.limits, ...why, atMs: NOW_MS }]);
    expect(control.limits).toMatchObject({
      risk: { maxPositionNotional: '5000', maxDailyLoss: '1000000', maxDataAgeMs: 1_000 },
      execution: { collarBps: { entry: 900, exit: 9_000 }, slippage: { perDay: 'none' } },
    });
  });

  test('names a limit of a scope by the scope', async () => {
    const { control } = await limitWorld();
    const scoped = (id: string, maxOrderValue: string) =>
      ({ scope: { kind: 'strategy', id }, maxOrderValue }) as const;
    await control.change({ risk: risk('5000', { scopes: [scoped('a', '10'), scoped('b', '20')] }), ...why });
    const { differences } = await control.change({
      risk: risk('5000', { scopes: [scoped('b', '30'), scoped('a', '10')] }),
      ...why,
    });
    expect(differences).toEqual([{ path: 'risk.scopes[strategy:b].maxOrderValue', from: '20', to: '30' }]);
  });

  test('that changes nothing writes nothing', async () => {
    const { control, scripted, audit } = await limitWorld();
    const { kind, differences, before, after } = await control.change({ risk: risk('5000.00'), ...why });
    expect([kind, differences, before === after]).toEqual(['unchanged', [], true]);
    expect([scripted.written, audit.events]).toEqual([[], []]);
  });

  test('waits for the one before it, and builds on it', async () => {
    const { control, scripted, passes, collared } = await limitWorld();
    scripted.mode = 'wait';
    const first = control.change({ risk: risk('6000'), ...why });
    const second = control.change({ execution: execution(900), ...why });
    await settle();
    scripted.answer();
    await settle();
    // The first is made; the second is being written, beside it.
    expect([passes(60), collared(106), control.status.kind]).toEqual([true, true, 'changing']);
    scripted.answer();
    expect([(await first).kind, (await second).kind]).toEqual(['changed', 'changed']);
    expect([passes(60), collared(109), control.status.kind]).toEqual([true, false, 'settled']);
  });

  test('leaves the counters of the engines where they are', async () => {
    const { control, guard, policy, facts, book } = await limitWorld();
    const perDay = { slippage: { perOrderBps: { entry: 'none' }, perDay: '100' } } as const;
    await control.change({ execution: execution(500, perDay), ...why });
    const order = heldOf({ worst: 105, qty: 10 }); // 50 beyond the mark
    policy.spend(order, facts());
    await control.change({
      execution: execution(500, { slippage: { ...perDay.slippage, perDay: '99' } }),
      risk: risk('6000'),
      ...why,
    });
    book.mark(quotedAt(100));
    guard.reserve(pricedOf({ qty: 10 }));
    expect(policy.evaluate(order, facts())).toMatchObject([
      { gate: 'slippage-budget', measured: '100', limit: '99' },
    ]);
    await control.change({ risk: risk('7000'), ...why });
    expect(guard.status().find(({ gate }) => gate === 'kill-switch')?.checked).toBe(1);
  });
});

describe('LimitControl refuses', () => {
  test('what is wrong in either engine, all of it by name, and applies nothing', async () => {
    const { control, passes, collared, audit } = await limitWorld();
    const error = await failure(
      control.change({
        risk: risk('-1', { maxPositions: 1.5 }),
        execution: { collarBps: { entry: 20_000, exit: 1 } },
        ...why,
      }),
    );
    expect(error).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(
        /maxPositions.*maxPositionNotional.*ExecutionPolicy.*collarBps\.entry/s,
      ) as string,
      details: { issues: [{}, {}, {}] },
    });
    expect([passes(50), collared(105), audit.events, control.status.kind]).toEqual([
      true,
      false,
      [],
      'settled',
    ]);
  });

  test('good limits that come with bad ones', async () => {
    const { control, passes } = await limitWorld();
    await failure(control.change({ risk: risk('100'), execution: { collarBps: 'wide' } as never, ...why }));
    expect(passes(50)).toBe(true);
  });

  test('a change of nothing', async () => {
    const { control } = await limitWorld();
    expect(await failure(control.change(why))).toMatchObject({ code: 'OPTION_INVALID' });
  });

  test.each([
    ['no one', undefined],
    ['a person without a name', person(' ')],
    ['a part of the system', system('rebalancer')],
  ])('%s', async (_who, by) => {
    const { control, passes } = await limitWorld();
    const change = control.change({ risk: risk('4000'), by: by as never, reason: 'because' });
    expect(await failure(change)).toMatchObject({ code: 'PRINCIPAL_REQUIRED' });
    expect(passes(50)).toBe(true);
  });

  test('a blank reason', async () => {
    const { control } = await limitWorld();
    const change = control.change({ risk: risk('4000'), by: ANN, reason: ' ' });
    expect(await failure(change)).toMatchObject({ code: 'PRINCIPAL_REQUIRED' });
  });

  test('a misspelt option by name', async () => {
    const { deps } = await limitWorld();
    expect(await failure(LimitControl.open(deps, { personOnly: true } as never))).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('personOnly') as string,
    });
  });
});

describe('LimitControl, personsOnly: false', () => {
  const options = { personsOnly: false };

  test('takes a change of a part of the system, and names it', async () => {
    const { control, audit } = await limitWorld({ options });
    await control.change({ risk: risk('4000'), by: system('volatility'), reason: 'storm' });
    expect(audit.events[1]).toMatchObject({ by: system('volatility'), reason: 'storm' });
  });

  test('takes none without a name or a reason', async () => {
    const { control } = await limitWorld({ options });
    for (const [id, reason] of [
      [' ', 'storm'],
      ['volatility', ''],
    ] as const) {
      const change = control.change({ risk: risk('4000'), by: system(id), reason });
      expect(await failure(change)).toMatchObject({ code: 'PRINCIPAL_REQUIRED' });
    }
  });
});

describe('LimitControl, a write that fails', () => {
  test('leaves old and new in force, says so, and may be tried again', async () => {
    const { control, scripted, passes, collared, audit } = await limitWorld();
    scripted.mode = 'refuse';
    const change = control.change({ risk: risk('4000'), execution: execution(900), ...why });
    const error = await failure(change);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect([passes(40), passes(41), collared(106)]).toEqual([true, false, true]);
    expect(control.status).toEqual({ kind: 'unsettled', hash: HASH, error });
    expect(audit.kinds).toEqual(['limits.change-asked', 'limits.change-failed']);

    scripted.mode = 'write';
    expect(await control.retry()).toMatchObject({ kind: 'changed' });
    expect([passes(40), passes(41), collared(109)]).toEqual([true, false, false]);
    expect(control.status.kind).toBe('settled');
    expect(audit.events.at(-1)).toMatchObject({ kind: 'limits.changed', ...why });
  });

  test('that fails again stays unsettled', async () => {
    const { control, scripted, passes } = await limitWorld();
    scripted.mode = 'refuse';
    await failure(control.change({ risk: risk('4000'), ...why }));
    expect(await failure(control.retry())).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect([control.status.kind, passes(41)]).toEqual(['unsettled', false]);
    scripted.mode = 'write';
    await control.retry();
    expect([control.status.kind, passes(40), passes(41)]).toEqual(['settled', true, false]);
  });

  test('is given up after its time, and what lands late is known as our own', async () => {
    const { control, scripted, passes, clock } = await limitWorld();
    scripted.mode = 'wait';
    const late = failure(control.change({ risk: risk('6000'), ...why }));
    await settle();
    clock.advance(WRITE_MS - 1);
    await settle();
    expect(control.status.kind).toBe('changing');
    clock.advance(1);
    expect(await late).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect([passes(51), control.status.kind]).toEqual([false, 'unsettled']);

    scripted.mode = 'write';
    scripted.answer();
    await settle();
    // On disk, but nobody was told: it counts when somebody asks again.
    expect([scripted.written.length, passes(51)]).toEqual([1, false]);
    await control.retry();
    expect([scripted.written.length, passes(60), control.status.kind]).toEqual([2, true, 'settled']);
  });

  test('a further change builds on it and settles it; until then all three are in force', async () => {
    const { control, scripted, passes, collared } = await limitWorld();
    scripted.mode = 'refuse';
    await failure(control.change({ risk: risk('4000'), ...why }));
    scripted.mode = 'wait';
    const further = control.change({ execution: execution(300), ...why });
    await settle();
    expect([passes(41), collared(104)]).toEqual([false, true]);
    scripted.mode = 'write';
    scripted.answer();
    const { differences } = await further;
    expect(differences.map(({ path }) => path)).toEqual([
      'execution.collarBps.entry',
      'risk.maxPositionNotional',
    ]);
    expect([passes(40), passes(41), collared(103), collared(104)]).toEqual([true, false, false, true]);
  });

  test('a change that is looser than a failed one lets nothing more pass before it is on disk', async () => {
    const { control, scripted, passes } = await limitWorld();
    scripted.mode = 'refuse';
    await failure(control.change({ risk: risk('3000'), ...why }));
    scripted.mode = 'wait';
    const back = control.change({ risk: risk('5000'), ...why });
    await settle();
    expect([passes(30), passes(31)]).toEqual([true, false]);
    scripted.mode = 'write';
    scripted.answer();
    expect(await back).toMatchObject({ kind: 'changed', differences: [] });
    expect([passes(50), passes(51)]).toEqual([true, false]);
  });

  test('of the audit log, before the disk: nothing is written, both are in force', async () => {
    const { control, scripted, passes, audit } = await limitWorld();
    audit.mode = 'refuse';
    expect(await failure(control.change({ risk: risk('6000'), ...why }))).toMatchObject({
      code: 'LOG_WRITE_FAILED',
      retryable: true,
    });
    expect([scripted.written, passes(51), control.status.kind]).toEqual([[], false, 'unsettled']);
    audit.mode = 'take';
    await control.retry();
    expect(passes(60)).toBe(true);
  });

  test('of the audit log, after the disk: both are in force', async () => {
    const { control, scripted, passes, audit } = await limitWorld();
    scripted.mode = 'wait';
    const change = failure(control.change({ risk: risk('6000'), ...why }));
    await settle();
    audit.mode = 'refuse';
    scripted.mode = 'write';
    scripted.answer();
    expect(await change).toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect([scripted.written.length, passes(51), control.status.kind]).toEqual([1, false, 'unsettled']);
  });

  test('of an audit log that hangs is given up after its time', async () => {
    const { control, passes, audit, clock } = await limitWorld();
    audit.mode = 'hang';
    const change = failure(control.change({ risk: risk('4000'), ...why }));
    await settle();
    clock.advance(WRITE_MS);
    expect(await change).toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect([passes(40), passes(41)]).toEqual([true, false]);
  });

  test('nothing to retry is nothing', async () => {
    const { control, scripted } = await limitWorld();
    expect(await control.retry()).toEqual({
      kind: 'unchanged',
      differences: [],
      before: HASH,
      after: HASH,
    });
    expect(scripted.written).toEqual([]);
  });
});

describe('LimitControl, two of them on one store', () => {
  const theirs = { by: person('bob'), reason: 'storm' };

  async function twoControls() {
    const ours = await limitWorld();
    const others = await limitWorld({ store: ours.scripted });
    await others.control.change({ risk: risk('3000'), ...theirs });
    return { ...ours, others };
  }

  test('a change that does not know of the other is refused, and theirs stands beside what is in force', async () => {
    const { control, passes, scripted, audit } = await twoControls();
    const error = await failure(control.change({ risk: risk('6000'), ...why }));
    expect(error).toMatchObject({
      code: 'LIMITS_CONFLICT',
      retryable: false,
      message: expect.stringContaining('bob: storm') as string,
    });
    expect([passes(30), passes(31), scripted.written.length]).toEqual([true, false, 1]);
    expect([control.status, audit.kinds]).toEqual([
      { kind: 'unsettled', hash: HASH, error },
      ['limits.change-asked', 'limits.change-failed'],
    ]);
  });

  test('retry takes theirs', async () => {
    const { control, passes, audit } = await twoControls();
    await failure(control.change({ risk: risk('6000'), ...why }));
    await control.retry();
    expect([passes(30), passes(31), control.status.kind]).toEqual([true, false, 'settled']);
    expect(audit.events.at(-1)).toMatchObject(theirs);
  });

  test('a further change takes the place of theirs', async () => {
    const { control, passes } = await twoControls();
    await failure(control.change({ risk: risk('6000'), ...why }));
    await control.change({ risk: risk('6000'), ...why });
    expect([passes(60), passes(61), control.status.kind]).toEqual([true, false, 'settled']);
  });

  test('what waited behind the refused one is refused as well', async () => {
    const { control, passes, collared } = await twoControls();
    const first = failure(control.change({ risk: risk('6000'), ...why }));
    const second = failure(control.change({ execution: execution(300), ...why }));
    expect([await first, await second]).toMatchObject([
      { code: 'LIMITS_CONFLICT' },
      { code: 'LIMITS_CONFLICT' },
    ]);
    expect([passes(30), passes(31), collared(105)]).toEqual([true, false, false]);
  });

  test('when theirs cannot be read only exits pass', async () => {
    const { control, scripted, killSwitch } = await limitWorld();
    await scripted.set('limits', { version: 9 });
    expect(await failure(control.change({ risk: risk('6000'), ...why }))).toMatchObject({
      code: 'LIMITS_CONFLICT',
    });
    expect([control.status.kind, killSwitch.tradingState()]).toEqual(['unreadable', 'reducing']);
  });
});

describe('LimitControl, start', () => {
  test('keeps what was configured when nothing was recorded, and writes nothing', async () => {
    const { control, scripted, audit, passes } = await limitWorld();
    expect([control.source, scripted.written, audit.events]).toEqual([{ kind: 'configured' }, [], []]);
    expect([passes(50), passes(51)]).toEqual([true, false]);
  });

  test('puts what was recorded in force, and says what differs from what was configured', async () => {
    const before = await limitWorld();
    await before.control.change({ risk: risk('6000'), execution: execution(700), ...why });
    const { control, passes, collared, audit } = await limitWorld({ store: before.scripted });
    const differences = [{ path: 'execution.collarBps.entry', from: 500, to: 700 }, sizeOf('5000', '6000')];
    expect(control.source).toEqual({
      kind: 'recorded',
      record: { changeId: ID, ...before.control.limits, ...why, atMs: NOW_MS },
      differences,
    });
    expect([passes(60), passes(61), collared(107), collared(108)]).toEqual([true, false, false, true]);
    expect(audit.events).toEqual([
      {
        kind: 'limits.loaded',
        by: system('limit-control'),
        changeId: ID,
        madeBy: ANN,
        reason: why.reason,
        differences,
        after: before.control.status.hash,
      },
    ]);
    await control.change({ risk: risk('7000'), ...why });
    expect(passes(70)).toBe(true);
  });

  test('without an audit log for it does not open, and both sets are in force', async () => {
    const before = await limitWorld();
    await before.control.change({ risk: risk('3000'), ...why });
    const audit = new ScriptedAudit();
    const after = await limitWorld();
    audit.mode = 'refuse';
    const opened = LimitControl.open({ ...after.deps, store: before.scripted, audit });
    expect(await failure(opened)).toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect([after.passes(30), after.passes(31)]).toEqual([true, false]);
  });

  const damaged: readonly (readonly [string, object, string])[] = [
    ['damaged', { version: 1, changeId: 'x' }, 'INPUT_INVALID'],
    ['of a newer version', { version: 2, limits: {} }, 'FORMAT_UNSUPPORTED'],
    [
      'not to be read by the engines',
      { version: 1, changeId: 'x', risk: {}, execution: {}, by: ANN, reason: 'x', atMs: 1 },
      'OPTION_INVALID',
    ],
  ];

  test.each(damaged)(
    'what is %s stops entries until a person has said what is to be',
    async (_what, value, code) => {
      const { scripted } = await limitWorld();
      await scripted.set('limits', value);
      const { control, killSwitch, passes, audit } = await limitWorld({ store: scripted });
      expect([killSwitch.tradingState(), control.source, control.status]).toMatchObject([
        'reducing',
        { kind: 'unreadable', error: { code } },
        { kind: 'unreadable', error: { code } },
      ]);
      expect(audit.events).toMatchObject([{ kind: 'limits.unreadable', code }]);
      expect(killSwitch.whyRestricted(pricedOf())).toContain('change those of risk and execution');

      expect(await failure(control.change({ risk: risk('6000'), ...why }))).toMatchObject({
        code: 'OPTION_INVALID',
      });
      expect(killSwitch.tradingState()).toBe('reducing');

      await control.change({ risk: risk('6000'), execution: execution(500), ...why });
      expect([killSwitch.tradingState(), control.status.kind, passes(60)]).toEqual([
        'active',
        'settled',
        true,
      ]);
    },
  );

  test('a change of the very limits that were configured settles it as well', async () => {
    const { scripted } = await limitWorld();
    await scripted.set('limits', { version: 2 });
    const { control, killSwitch } = await limitWorld({ store: scripted });
    await control.change({ risk: risk('5000'), execution: execution(500), ...why });
    expect([killSwitch.tradingState(), scripted.written.at(-1)]).toMatchObject([
      'active',
      { version: 1, ...why },
    ]);
  });

  test('a store that does not answer stops entries; retry reads it again', async () => {
    const before = await limitWorld();
    await before.control.change({ risk: risk('3000'), ...why });
    let isDown = true;
    const store = {
      get: (key: string) => (isDown ? Promise.reject(new Error('down')) : before.scripted.get(key)),
      set: before.scripted.set.bind(before.scripted),
    };
    const { control, killSwitch, passes } = await limitWorld({ store });
    expect([control.status.kind, killSwitch.tradingState()]).toEqual(['unreadable', 'reducing']);
    expect(await failure(control.retry())).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(killSwitch.tradingState()).toBe('reducing');
    isDown = false;
    expect(await control.retry()).toMatchObject({ kind: 'changed', differences: [sizeOf('5000', '3000')] });
    expect([killSwitch.tradingState(), passes(30), passes(31)]).toEqual(['active', true, false]);
  });

  test('retry over a store that turns out to be empty keeps what was configured', async () => {
    const { scripted } = await limitWorld();
    let isDown = true;
    const store = {
      get: (key: string) => (isDown ? Promise.reject(new Error('down')) : scripted.get(key)),
      set: scripted.set.bind(scripted),
    };
    const { control, killSwitch } = await limitWorld({ store });
    isDown = false;
    expect(await control.retry()).toMatchObject({ differences: [] });
    expect([killSwitch.tradingState(), control.source]).toEqual(['active', { kind: 'configured' }]);
  });
});

test('limits in force can be read again as they are written', async () => {
  const { control } = await limitWorld();
  const { risk: text, execution: other } = control.limits;
  expect([
    parseRiskLimits(text as never).maxPositionNotional,
    parseExecutionLimits(other as never).collarBps,
  ]).toEqual([lots(5_000_000_000), { entry: 500, exit: 9_000 }]);
});
