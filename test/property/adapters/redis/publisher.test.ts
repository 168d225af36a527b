import { fc } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/core/manual-clock.ts';
import type { LogEntry } from '../../../../src/storage/append-log.ts';
import { ModelServer, startProcess } from './publisher-model.ts';

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('publish'), count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('serve'), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('break'), count: fc.integer({ min: 0, max: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait'), count: fc.constant(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse'), count: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), count: fc.constant(0) }) },
);

test('whatever breaks, what was confirmed or spilled arrives once, and each partition in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.record({ maxWaiting: fc.integer({ min: 1, max: 30 }), batch: fc.integer({ min: 1, max: 4 }) }),
      async (steps, sizes) => {
        const clock = new ManualClock();
        const world = { clock, server: new ModelServer() };
        let processes = 0;
        const start = (left: readonly LogEntry[]) =>
          startProcess(world, `process${processes}`, { left, ...sizes });
        let process = await start([]);
        let n = 0;
        const promised = new Set<number>();
        const publish = (): void => {
          const number = n++;
          const event = {
            id: `e${number}`,
            topic: 't',
            partition: number % 2,
            text: String(number),
            given: undefined,
            generation: undefined,
          };
          const { publisher } = process;
          const life = processes;
          void publisher.publish(event).then(
            () => life === processes && promised.add(number), // a dead process promises nothing
            () => undefined,
          );
        };
        const settle = async (): Promise<void> => {
          for (let turn = 0; turn < 3; turn++) await clock.turn();
        };
        for (const { kind, count } of steps) {
          if (kind === 'publish') for (let at = 0; at < count; at++) publish();
          else if (kind === 'serve') process.client().serve(count);
          else if (kind === 'break') process.client().breakAfter(count);
          else if (kind === 'wait') clock.advance(count);
          else if (kind === 'refuse')
            world.server.refusal = world.server.refusal === undefined ? 'OOM no' : undefined;
          else {
            processes++;
            const left: LogEntry[] = [];
            for await (const entry of process.log.read()) left.push(entry);
            process.connection.close();
            process = await start(left);
          }
          await settle();
        }
        world.server.refusal = undefined;
        for (let round = 0; round < 500 && process.publisher.waiting > 0; round++) {
          clock.advance(20);
          await settle();
          process.client().serve(100);
          await settle();
        }
        expect(process.publisher.waiting).toBe(0);
        const arrived = [0, 1].map((partition) =>
          (world.server.streams.get(`p:{t.${partition}}:events`) ?? []).map(Number),
        );
        for (const numbers of arrived) expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
        expect([...promised].filter((number) => !arrived[number % 2]?.includes(number))).toEqual([]);
        process.connection.close();
      },
    ),
    { numRuns: 150 },
  );
});
