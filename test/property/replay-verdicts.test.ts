import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { AuditLog } from '../../src/audit/index.ts';
import { replayLog } from '../../src/desk/index.ts';
import { type JsonValue, MemoryAppendLog } from '../../src/storage/index.ts';
import { bookDigest } from '../support/guard.ts';
import { replayAll } from '../support/replay-world.ts';
import { VerdictWorld, intents, verdictSteps, verdictWorlds } from '../support/verdict-world.ts';
import { runs } from '../support/runs.ts';

const histories = fc.array(verdictSteps, { minLength: 5, maxLength: 50, size: 'max' });

describe('any history of a desk', () => {
  test.prop([verdictWorlds, histories], runs(300))(
    'every verdict on record, made again, is the same',
    (options, history) => {
      const world = new VerdictWorld(options);
      for (const step of history) world.run(step);
      const replayed = replayAll(world.records);
      expect(replayed.filter(({ kind }) => kind !== 'same')).toEqual([]);
    },
  );

  test.prop([verdictWorlds, histories, intents], { numRuns: 300 })(
    'explaining says what is decided then, and leaves no trace',
    (options, history, asked) => {
      const world = new VerdictWorld(options);
      for (const step of history) world.run(step);
      const digest = () => [
        bookDigest(world.book, world.clock.monotonicMs()),
        world.guard.status(),
        world.policy.status(),
        world.policy.spentOn(world.path.dayId),
        world.guard.basis,
      ];
      const before = digest();
      const { decision, denials, order } = world.path.explain(asked);
      expect(digest()).toEqual(before);
      const decided = world.path.decide(asked);
      expect({ decision, denials, quantity: order?.quantity }).toEqual({
        decision: decided.kind,
        denials:
          decided.kind === 'denied'
            ? decided.denials
            : decided.kind === 'held' && decided.reduced !== undefined
              ? [decided.reduced]
              : [],
        quantity: decided.kind === 'held' ? decided.order.qty : undefined,
      });
    },
  );

  test.prop([verdictWorlds, histories, fc.nat(), fc.nat()], { numRuns: 100 })(
    'a verdict in whose record a number was changed is not the same',
    async (options, history, pick, which) => {
      const world = new VerdictWorld(options);
      for (const step of history) world.run(step);
      const log = new MemoryAppendLog();
      const audit = await AuditLog.open(log, world);
      for (const { kind, details } of world.records) await audit.record({ ...details, kind });
      const verdicts = world.records.filter(({ kind }) => kind === 'order.decided');
      const seq = verdicts[pick % Math.max(1, verdicts.length)]?.seq;
      if (seq === undefined) return;
      const changed = {
        async *read() {
          for await (const entry of log.read())
            yield entry.seq === seq ? { ...entry, record: withNumber(entry.record, which) } : entry;
        },
      };
      const kinds: string[] = [];
      for await (const { result } of replayLog(changed, (one) => one === seq)) kinds.push(result.kind);
      expect(kinds).toEqual(['broken']);
    },
  );
});

/** The same with one of its numbers, or of the digits of a text, another. */
function withNumber(record: JsonValue, which: number): JsonValue {
  const { seq, prev, hash, ...content } = record as Record<string, JsonValue>;
  const text = JSON.stringify(content);
  const digits = [...text.matchAll(/[0-9]/g)];
  const at = digits[which % digits.length]?.index ?? 0;
  const digit = text[at] === '7' ? '8' : '7';
  const changed = `${text.slice(0, at)}${digit}${text.slice(at + 1)}`;
  return { ...(JSON.parse(changed) as object), seq, prev, hash } as JsonValue;
}
