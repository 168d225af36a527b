import { describe, expect, test } from 'vitest';
import { type LogEntry, MemoryAppendLog } from '../../src/storage/index.ts';

describe('MemoryAppendLog', () => {
  test('takes each record one microtask after its call', async () => {
    const log = new MemoryAppendLog();
    const steps: string[] = [];
    const first = log.append('a').then(() => steps.push('a'));
    queueMicrotask(() => steps.push('one microtask'));
    await first;
    expect(steps).toEqual(['one microtask', 'a']);
  });

  test('begins with what another log held, from any sequence number on', async () => {
    const log = new MemoryAppendLog([
      { seq: 1, record: 'a' },
      { seq: 2, record: { b: 2 } },
    ]);
    expect(await log.append('c')).toEqual({ seq: 3 });
    const entries: LogEntry[] = [];
    for await (const entry of log.read(2)) entries.push(entry);
    expect(entries).toEqual([
      { seq: 2, record: { b: 2 } },
      { seq: 3, record: 'c' },
    ]);
  });
});
