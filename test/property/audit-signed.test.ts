import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { AuditKeeper, verifyAudit } from '../../src/audit/index.ts';
import { ManualClock, SeededRandom } from '../../src/core/index.ts';
import { MemoryAppendLog, MemoryStateStore } from '../../src/storage/index.ts';
import {
  at,
  forge,
  logOf,
  ScriptedSink,
  settle,
  signedChain,
  signer,
  START_MS,
  trusted,
} from '../audit/support/audit-world.ts';

/** Letters are records, stars are signed heads; the first is a record and the last a head. */
const letters = fc
  .array(fc.constantFrom('a', 'b', 'c', '*'), { minLength: 1, maxLength: 12 })
  .map((middle) => `a${middle.join('')}*`);

const headOf = ({ seq, hash }: { seq: number; hash: string }) => ({ seq, hash });

describe('a signed chain', () => {
  test.prop([letters, fc.nat()])(
    'believes no record written anew, up to the last signature, with all hashes computed again',
    async (text, which) => {
      const records = await signedChain(text);
      const lastHead = records.length - 1;
      const from = which % lastHead;
      const forged = forge(records, from, (record) =>
        record.seq === from + 1 ? { ...record, timeMs: record.timeMs + 1 } : record,
      );
      const verdict = await verifyAudit(logOf(forged), { publicKeys: trusted });
      expect(verdict.ok).toBe(false);
    },
  );

  test.prop([letters, fc.nat(), fc.nat(), fc.constantFrom('remove', 'repeat', 'swap')])(
    'of which records are removed, replayed or moved shows it, trimmed or not',
    async (text, first, second, what) => {
      const records = await signedChain(`${text}bc*`);
      const firstSeq = 1 + (second % 2);
      const left = records.slice(firstSeq - 1);
      const from = first % (left.length - 1);
      const moved = left.toSpliced(from, 1);
      if (what === 'repeat') moved.splice(from, 0, at(left, from), at(left, from));
      if (what === 'swap') moved.splice(from + 1 + (second % (left.length - from - 1)), 0, at(left, from));
      const verdict = await verifyAudit(logOf(moved, firstSeq), { publicKeys: trusted });
      expect(verdict.ok).toBe(false);
    },
  );

  test.prop([letters, fc.nat(), fc.nat()])(
    'that was cut at both ends verifies exactly by the heads that reach what is left',
    async (text, start, keptAt) => {
      const records = await signedChain(text);
      const firstSeq = 1 + (start % records.length);
      const expectHead = headOf(at(records, keptAt % records.length));
      const verdict = await verifyAudit(logOf(records.slice(firstSeq - 1), firstSeq), { expectHead });
      expect(verdict.ok).toBe(expectHead.seq >= firstSeq - 1);
    },
  );

  test.prop([letters, fc.nat()])('shows every truncation to a head that was shipped', async (text, cut) => {
    const records = await signedChain(text);
    const expectHead = at(records, -1).details as never;
    const kept = cut % records.length;
    const verdict = await verifyAudit(logOf(records.slice(0, kept)), { publicKeys: trusted, expectHead });
    expect(verdict.ok).toBe(kept >= records.length - 1 && text.slice(0, -1).includes('*'));
  });
});

describe('shipping', () => {
  test.prop([
    fc.array(fc.oneof(fc.constant('fail'), fc.constant('hang'), fc.nat({ max: 5 })), { maxLength: 30 }),
    fc.nat(),
  ])(
    'gives a sink that fails and hangs every record, in order, and repeats only what it did not take',
    async (steps, seed) => {
      const clock = new ManualClock(START_MS);
      const log = new MemoryAppendLog();
      const store = new MemoryStateStore({ clock });
      const sink = new ScriptedSink();
      const taken: number[] = [];
      const answers = steps.filter((step) => typeof step === 'string');
      sink.answer = async () => {
        const answer = answers.shift();
        if (answer === 'fail') throw new Error('no');
        if (answer === 'hang') await new Promise(() => undefined);
        taken.push(...(sink.batches.at(-1) ?? []));
      };
      const keeper = await AuditKeeper.open(
        { signing: { everyRecords: 3 }, shipping: { batchRecords: 4, shipTimeoutMs: 50, retryMaxMs: 1000 } },
        { log, clock, store, signer, sinks: [sink], random: new SeededRandom(seed) },
      );
      for (const step of steps) {
        if (typeof step === 'number') {
          await Promise.all(Array.from({ length: step }, () => keeper.record({ kind: 'k' })));
        }
        clock.advance(100);
        await settle();
      }
      answers.length = 0;
      for (let turn = 0; turn < 30 && keeper.sinks[0]?.unshipped !== 0; turn++) {
        clock.advance(1000);
        await settle();
      }
      const report = await keeper.close();
      expect(report.sinks).toMatchObject([{ shippedSeq: report.head.seq, unshipped: 0 }]);
      expect(taken).toEqual(Array.from({ length: report.head.seq }, (_, index) => index + 1));
      const verdict = await verifyAudit(log, { publicKeys: trusted });
      expect(verdict).toMatchObject({ ok: true, records: report.head.seq });
    },
  );
});
