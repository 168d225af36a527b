import { describe, expect, test } from 'vitest';
import { ScriptedAppendLog } from '../../src/testing/index.ts';

describe('ScriptedAppendLog', () => {
  test('holds records until they are committed, oldest first', async () => {
    const log = new ScriptedAppendLog();
    const told: number[] = [];
    const all = Promise.all(
      ['a', 'b', 'c'].map((name) => log.append(name).then(({ seq }) => told.push(seq))),
    );
    await Promise.resolve();
    expect([told, log.pending, log.durable]).toEqual([[], 3, []]);

    expect(log.commit(2)).toBe(2);
    await Promise.resolve();
    expect([told, log.pending]).toEqual([[1, 2], 1]);
    expect(log.durable).toEqual([
      { seq: 1, record: 'a' },
      { seq: 2, record: 'b' },
    ]);

    expect(log.commit()).toBe(1);
    await all;
    expect(told).toEqual([1, 2, 3]);
    expect(log.commit()).toBe(0);
  });

  test('refuses what is pending and what comes later, and keeps what was durable', async () => {
    const log = new ScriptedAppendLog();
    const kept = log.append('kept');
    log.commit();
    const lost = log.append('lost');
    const cause = new Error('no space');
    log.fail(cause);
    await expect(lost).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED', cause });
    await expect(log.append('later')).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(await kept).toEqual({ seq: 1 });
    expect(log.durable).toEqual([{ seq: 1, record: 'kept' }]);
  });

  test('a restart finds what was durable and numbers on', async () => {
    const crashed = new ScriptedAppendLog();
    void crashed.append('durable');
    crashed.commit();
    crashed.append('in flight').catch(() => undefined);
    const restarted = new ScriptedAppendLog(crashed.durable);
    const next = restarted.append('next');
    restarted.commit();
    expect(await next).toEqual({ seq: 2 });
  });
});
