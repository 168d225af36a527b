import { describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/audit/index.ts';
import { ManualClock } from '../../src/core/index.ts';
import { KillSwitch, type KillSwitchChange } from '../../src/risk/index.ts';
import { ScriptedStateStore, settle } from '../support/state-stores.ts';
import { ANN, AT_MS, BOB, halted, recordOf, reducing, release } from './support/kill-switch.ts';

const WRITE_MS = 400;

/** A switch that is halted, with an audit log that does what the test says. */
async function tripped() {
  const [clock, store] = [new ManualClock(AT_MS), new ScriptedStateStore()];
  const events: AuditEvent[] = [];
  const answers: PromiseWithResolvers<unknown>[] = [];
  const audit = {
    record(event: AuditEvent): Promise<unknown> {
      events.push(event);
      const answer = Promise.withResolvers();
      answers.push(answer);
      return answer.promise;
    },
  };
  const killSwitch = await KillSwitch.open({ store, clock, audit }, true, { writeTimeoutMs: WRITE_MS });
  await killSwitch.trip(halted());
  const changes: KillSwitchChange[] = [];
  killSwitch.onChange((change) => changes.push(change));
  return { clock, store, events, answers, killSwitch, changes };
}

const REFUSED = { code: 'LOG_WRITE_FAILED' };

describe('a release with an audit log', () => {
  test('counts when that has the order and the disk the release, in this sequence', async () => {
    const { store, events, answers, killSwitch, changes } = await tripped();
    const before = store.written.length;
    const releasing = killSwitch.release(release());
    await settle();
    expect([killSwitch.tradingState(), store.written.length]).toEqual(['halted', before]);
    expect(events).toEqual([
      { kind: 'kill-switch.release-ordered', by: ANN, reason: 'checked', record: recordOf(halted()) },
    ]);
    answers[0]?.resolve(undefined);
    await releasing;
    expect([killSwitch.tradingState(), changes.map(({ kind }) => kind)]).toEqual(['active', ['released']]);
  });

  test('has the second person on record', async () => {
    const { events, killSwitch } = await tripped();
    void killSwitch.release({ ...release(), second: BOB });
    expect(events).toMatchObject([{ by: ANN, second: BOB }]);
  });

  test('refused, it never counts, and the disk is not asked', async () => {
    const { store, answers, killSwitch, changes } = await tripped();
    const before = store.written.length;
    const releasing = killSwitch.release(release());
    answers[0]?.reject(new Error('the audit disk is full'));
    await expect(releasing).rejects.toMatchObject({
      ...REFUSED,
      message: 'release firm: not in the audit log: the audit disk is full',
    });
    expect([killSwitch.tradingState(), store.written.length, changes]).toEqual(['halted', before, []]);
  });

  test('that throws at once does the same', async () => {
    const [clock, store] = [new ManualClock(AT_MS), new ScriptedStateStore()];
    const audit = {
      record: () => {
        throw new Error('at once');
      },
    };
    const killSwitch = await KillSwitch.open({ store, clock, audit }, true);
    await killSwitch.trip(halted());
    await expect(killSwitch.release(release())).rejects.toMatchObject(REFUSED);
    expect(killSwitch.tradingState()).toBe('halted');
  });

  test('waits as long as a write may take, and not longer; an answer after that releases nothing', async () => {
    const { clock, answers, killSwitch } = await tripped();
    let failed: unknown;
    killSwitch.release(release()).catch((error: unknown) => (failed = error));
    clock.advance(WRITE_MS - 1);
    await settle();
    expect(failed).toBeUndefined();
    clock.advance(1);
    await settle();
    expect(failed).toMatchObject({ ...REFUSED, message: expect.stringContaining('400 ms') as string });
    answers[0]?.resolve(undefined);
    await settle();
    expect(killSwitch.tradingState()).toBe('halted');
  });

  test('that was tripped again meanwhile stands', async () => {
    const { answers, killSwitch } = await tripped();
    const releasing = killSwitch.release(release());
    void killSwitch.trip(reducing());
    answers[0]?.resolve(undefined);
    await expect(releasing).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
    expect(killSwitch.tradingState()).toBe('halted');
  });

  test('that may not be asked for is not on record', async () => {
    const { events, killSwitch } = await tripped();
    await expect(killSwitch.release({ ...release(), confirm: 'acc' })).rejects.toMatchObject({
      code: 'RELEASE_REFUSED',
    });
    expect(events).toEqual([]);
  });
});

test('a trip waits for no audit log', async () => {
  const { events, killSwitch } = await tripped();
  expect(await killSwitch.trip(reducing())).toMatchObject({ durable: true });
  expect(events).toEqual([]);
});
