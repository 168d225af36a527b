import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuditLog, verifyAudit } from '../../src/audit/index.ts';
import { ManualClock, SystemClock, newSigningKeys, person } from '../../src/core/index.ts';
import { LimitControl, type LimitFileEvent, LimitFileWatch } from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { KillSwitch, OverrideRegister, RiskGuard, signOverride } from '../../src/risk/index.ts';
import { DataDirectory } from '../../src/storage/index.ts';
import { Book, type OrderIntent } from '../../src/trading/index.ts';
import { execution, risk } from '../desk/support/limit-world.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-limits-'));
});
afterEach(() => rm(folder, { recursive: true }));

const clock = new SystemClock();
const KEYS = newSigningKeys();
const why = { by: person('ann'), reason: 'review' };

/** What a trading process has of it, over one data directory, with the limits that it was configured with. */
async function start(path = join(folder, 'data')) {
  const directory = await DataDirectory.open(path, { clock });
  const store = await directory.openStore('state');
  const log = await directory.openLog('audit');
  const audit = await AuditLog.open(log, { clock });
  const killSwitch = await KillSwitch.open({ store, clock }, directory.isNew);
  const book = new Book();
  const guard = new RiskGuard(risk('5000'), { book, clock: new ManualClock(), killSwitch });
  const policy = new ExecutionPolicy(execution(500));
  const control = await LimitControl.open({ guard, policy, killSwitch, store, audit, clock });
  const register = new OverrideRegister({ persons: { ann: KEYS.publicKey } }, { store, audit, clock });
  return { directory, log, store, killSwitch, guard, control, register };
}

const sizeOf = ({ control }: { readonly control: LimitControl }) =>
  control.limits.risk['maxPositionNotional'];

describe('limits on a real disk', () => {
  test('outlive the process that changed them, and so does who and why', async () => {
    const before = await start();
    await before.control.change({ risk: risk('6000'), execution: execution(700), ...why });
    await before.directory.close();

    const after = await start();
    expect(after.control.source).toMatchObject({
      kind: 'recorded',
      record: why,
      differences: [{ path: 'execution.collarBps.entry' }, { path: 'risk.maxPositionNotional', to: '6000' }],
    });
    expect([sizeOf(after), after.killSwitch.tradingState()]).toEqual(['6000', 'active']);
    const kinds: unknown[] = [];
    for await (const { record } of after.log.read()) kinds.push((record as { kind: string }).kind);
    expect(kinds).toEqual(['limits.change-asked', 'limits.changed', 'limits.loaded']);
    expect(await verifyAudit(after.log)).toMatchObject({ ok: true });
    await after.directory.close();
  });

  test('that are damaged stop entries, until a person has said what is to be', async () => {
    const before = await start();
    await before.store.set('limits', { version: 1, risk: 'all' });
    await before.directory.close();

    const after = await start();
    expect([after.control.status.kind, after.killSwitch.tradingState()]).toEqual(['unreadable', 'reducing']);
    await after.control.change({ risk: risk('4000'), execution: execution(500), ...why });
    expect(after.killSwitch.tradingState()).toBe('active');
    await after.directory.close();
    const last = await start();
    expect([last.control.status.kind, sizeOf(last)]).toEqual(['settled', '4000']);
    await last.directory.close();
  });

  test('a closed store refuses a change, and both sets stay in force', async () => {
    const { directory, control, store } = await start();
    await store.close();
    await expect(control.change({ risk: risk('6000'), ...why })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
    });
    expect(control.status.kind).toBe('unsettled');
    await directory.close();
  });
});

test('a limits file is taken in while the process runs, by the clock of the machine', async () => {
  const world = await start();
  const path = join(folder, 'limits.json');
  const draft = join(folder, 'draft.json');
  const replace = async (maxPositionNotional: string): Promise<void> => {
    await writeFile(draft, JSON.stringify({ by: 'bob', reason: 'review', risk: risk(maxPositionNotional) }));
    await rename(draft, path);
  };
  const waiting: ((event: LimitFileEvent) => void)[] = [];
  const next = (): Promise<LimitFileEvent> => new Promise((resolve) => waiting.push(resolve));
  let event = next();
  const onEvent = (told: LimitFileEvent): void => waiting.shift()?.(told);
  const watch = new LimitFileWatch(path, world.control, { clock, onEvent }, { everyMs: 5 });
  // The timer of the watch does not keep a process alive; this one does.
  const alive = clock.deadline(20_000, () => undefined);
  try {
    expect(await event).toMatchObject({ kind: 'missing' });
    event = next();
    await replace('6000');
    expect([(await event).kind, sizeOf(world)]).toEqual(['taken', '6000']);
    event = next();
    await replace('7000');
    expect([(await event).kind, sizeOf(world)]).toEqual(['taken', '7000']);
    event = next();
    await writeFile(path, '{"by": "bob", "rea');
    expect([(await event).kind, sizeOf(world)]).toEqual(['invalid', '7000']);
  } finally {
    watch[Symbol.dispose]();
    alive[Symbol.dispose]();
    await watch.check();
    await world.directory.close();
  }
});

test('an override that was spent stays spent in the next process', async () => {
  const intent: OrderIntent = {
    intentId: 'one',
    accountId: 'acc',
    strategyId: 'strat',
    instrumentId: 'GOLD',
    side: 'buy',
    quantity: '10',
    price: { type: 'limit', limit: '100' },
  };
  const issuedAtMs = clock.nowMs();
  const override = signOverride(KEYS.privateKey, {
    overrideId: 'ov-1',
    intent,
    gates: ['order-value'],
    by: 'ann',
    reason: 'the client asked for it',
    issuedAtMs,
    expiresAtMs: issuedAtMs + 600_000,
  });
  const before = await start();
  expect(await before.register.spend(override, intent, () => true)).toMatchObject({ overrideId: 'ov-1' });
  await before.directory.close();
  const after = await start();
  expect(await after.register.spend(override, intent, () => true)).toMatchObject({
    code: 'OVERRIDE_INVALID',
    note: 'already spent',
  });
  await after.directory.close();
});
