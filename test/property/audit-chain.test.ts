import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { AuditLog, type AuditRecord, canonicalJson, verifyAudit } from '../../src/audit/index.ts';
import { ManualClock } from '../../src/core/index.ts';
import { type JsonValue, MemoryAppendLog } from '../../src/storage/index.ts';

/** The same value with the members of each object in another order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, turned(member)] as const);
  return Object.fromEntries(members.reverse());
}

const logOf = (records: readonly unknown[]): MemoryAppendLog =>
  new MemoryAppendLog(records.map((record, at) => ({ seq: at + 1, record: record as JsonValue })));

async function chainOf(details: readonly unknown[]): Promise<AuditRecord[]> {
  const log = await AuditLog.open(new MemoryAppendLog(), { clock: new ManualClock(1) });
  return Promise.all(details.map((detail) => log.record({ kind: 'k', detail })));
}

/** A log that gives these records as they are: JSON would turn an infinite number into null. */
const withRecord = (records: readonly unknown[], at: number, record: unknown): MemoryAppendLog =>
  Object.assign(new MemoryAppendLog(), {
    async *read() {
      for (const [index, one] of records.with(at, record).entries())
        yield { seq: index + 1, record: one as JsonValue };
    },
  });

describe('canonicalJson', () => {
  test.prop([fc.jsonValue()])('says what JSON says', (value) => {
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
  });

  test.prop([fc.jsonValue()])('does not depend on the order of members', (value) => {
    expect(canonicalJson(turned(value))).toBe(canonicalJson(value));
  });

  test.prop([fc.jsonValue(), fc.jsonValue()])('is equal only for equal values', (a, b) => {
    const areEqual = canonicalJson(a) === canonicalJson(b);
    if (areEqual) expect(JSON.parse(JSON.stringify(a))).toEqual(JSON.parse(JSON.stringify(b)));
    else expect(JSON.parse(JSON.stringify(a))).not.toEqual(JSON.parse(JSON.stringify(b)));
  });
});

describe('the audit chain', () => {
  const details = fc.array(fc.jsonValue(), { minLength: 2, maxLength: 8 });

  test.prop([details])('of any details verifies', async (values) => {
    const records = await chainOf(values);
    expect(await verifyAudit(logOf(records))).toMatchObject({ ok: true, records: values.length });
  });

  test.prop([details, fc.nat(), fc.nat(), fc.constantFrom('remove', 'repeat', 'swap')])(
    'shows a record removed before the end, repeated, or moved',
    async (values, first, second, what) => {
      const records = await chainOf(values);
      const from = first % (records.length - 1);
      const moved = records.toSpliced(from, 1);
      if (what === 'repeat')
        moved.splice(from, 0, ...records.slice(from, from + 1), ...records.slice(from, from + 1));
      if (what === 'swap')
        moved.splice(from + 1 + (second % (records.length - from - 1)), 0, ...records.slice(from, from + 1));
      const verdict = await verifyAudit(logOf(moved));
      expect(verdict.ok).toBe(false);
    },
  );

  test.prop([details, fc.nat(), fc.nat()])(
    'shows any one character changed in the text of a record',
    async (values, which, where) => {
      const records = await chainOf(values);
      const texts = records.map((record) => JSON.stringify(record));
      const at = which % texts.length;
      const text = texts[at] ?? '';
      const position = where % text.length;
      const changed =
        text.slice(0, position) + (text[position] === '7' ? '8' : '7') + text.slice(position + 1);
      let parsed: unknown;
      try {
        parsed = JSON.parse(changed);
      } catch {
        return; // not JSON any more: the log below refuses it
      }
      if (JSON.stringify(parsed) === text) return; // the same number, written with more digits than it has
      expect(await verifyAudit(withRecord(records, at, parsed))).toMatchObject({ ok: false });
    },
  );
});
