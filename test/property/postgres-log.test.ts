import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { LogHead } from '../../src/adapters/postgres/log-table.ts';
import { LogWriter } from '../../src/adapters/postgres/log-writer.ts';
import { silentLogger } from '../../src/telemetry/index.ts';
import { type Fate, LogServer, PassingClock } from '../adapters/postgres/support/log-server.ts';

const fate = fc.constantFrom<Fate>('answered', 'answered', 'lost', 'answer lost', 'late', 'not now');
const step = fc.record({
  who: fc.nat(2),
  size: fc.integer({ min: 1, max: 3 }),
  fates: fc.array(fate, { maxLength: 8 }),
});

describe('log on PostgreSQL', () => {
  test.prop([
    fc.array(step, { maxLength: 12 }),
    fc.array(fc.nat(11), { maxLength: 3 }),
    fc.integer({ min: 0, max: 300 }),
  ])(
    'whatever gets lost and whoever takes over, what was acknowledged is there once and in order, and nothing of an owner comes after its successor',
    async (steps, takeovers, retryForMs) => {
      const server = new LogServer();
      const open = async (owner: string) => {
        server.fates = [];
        const head = (await server.take(owner)) as LogHead;
        const deps = {
          clock: new PassingClock(),
          logger: silentLogger,
          random: () => 1,
          asking: () => Promise.resolve(server.ask),
        };
        return { owner, writer: new LogWriter({ name: 'journal', retryForMs }, deps, head), isOver: false };
      };
      const owners = [await open('0')];
      const acknowledged = new Map<number, string>();
      let texts = 0;
      for (const [at, { who, size, fates }] of steps.entries()) {
        if (takeovers.includes(at)) owners.push(await open(String(owners.length)));
        const one = owners[who % owners.length];
        if (one === undefined || one.isOver) continue;
        const batch = Array.from({ length: size }, () => `${one.owner}:${++texts}`);
        server.fates = [...fates];
        try {
          await one.writer.write(batch);
          batch.forEach((text, of) => acknowledged.set(one.writer.lastSeq - batch.length + of + 1, text));
        } catch {
          one.isOver = true; // as the log does: nothing after a failure
        }
      }
      for (const [seq, text] of acknowledged) expect(server.records.get(seq)).toBe(text);
      expect([...server.records.keys()].sort((a, b) => a - b)).toEqual(server.texts.map((_, at) => at + 1));
      expect(new Set(server.texts).size).toBe(server.texts.length);
      const order = server.texts.map((text) => Number(text.split(':')[0]));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    },
  );
});
