import { describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../src/audit/index.ts';
import { AuditRetention } from '../../src/audit/audit-retention.ts';
import { ManualClock } from '../../src/core/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { START_MS, ZEROS } from './support/audit-world.ts';

/** A signed head as record `seq`, written when the clock says `atMs` after the start. */
const head = (seq: number, atMs: number, more: Partial<AuditRecord> = {}): AuditRecord => ({
  seq,
  timeMs: START_MS + atMs,
  kind: 'audit.head-signed',
  details: { keyId: 'own' },
  prev: ZEROS,
  hash: ZEROS,
  ...more,
});

/** What a log is trimmed to when `noted` have come and the clock says `nowMs` after the start. */
function trims(noted: readonly AuditRecord[], { nowMs = 1000, shipped = 100, keepMs = 100 } = {}) {
  const trimmed: number[] = [];
  const log = Object.assign(new MemoryAppendLog(), {
    trim: (beforeSeq: number) => {
      trimmed.push(beforeSeq);
      return Promise.resolve(beforeSeq);
    },
  });
  const clock = new ManualClock(START_MS + nowMs);
  const retention = new AuditRetention({ keepMs }, { log, clock, keyId: 'own', shippedSeq: () => shipped });
  for (const record of noted) retention.note(record);
  return retention.close().then(() => trimmed);
}

describe('AuditRetention', () => {
  test('trims to the record of a signed head that is old enough, which stays', async () => {
    expect(await trims([head(5, 900)])).toEqual([5]);
    expect(await trims([head(5, 901)])).toEqual([]);
  });

  test('trims to what every sink has, and no further', async () => {
    expect(await trims([head(5, 0)], { shipped: 5 })).toEqual([5]);
    expect(await trims([head(5, 0)], { shipped: 4 })).toEqual([]);
  });

  test('takes the last of several, once', async () => {
    expect(await trims([head(5, 950), head(7, 960)], { nowMs: 955 })).toEqual([]);
    expect(await trims([head(5, 0), head(7, 0), head(9, 999)])).toEqual([5, 7]);
  });

  test('does not rely on heads of other keys, nor on other records', async () => {
    expect(await trims([head(5, 0, { details: { keyId: 'old' } })])).toEqual([]);
    expect(await trims([head(5, 0, { kind: 'order.decided' })])).toEqual([]);
  });
});
