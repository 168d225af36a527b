import { describe, test } from 'vitest';
import { durableSubject, memorySubject } from '../../contract/support/embedded-subject.ts';
import { runModel } from './support/model-run.ts';

const RUNS = Number(process.env['BUS_MODEL_RUNS'] ?? 300);

describe('EmbeddedEventBus, whatever happens to it', () => {
  test('durable: loses nothing, keeps the order of each key, repeats only after a death', () =>
    runModel(() => durableSubject({ options: { keepEvents: 10, cursorEveryMs: 1 } }), {
      ...{ runs: RUNS, maxCommands: 40, patienceMs: 10_000 },
    }));

  test('in memory: loses nothing, keeps the order of each key, repeats nothing', () =>
    runModel(memorySubject, { runs: RUNS, maxCommands: 40, patienceMs: 10_000 }));
});
