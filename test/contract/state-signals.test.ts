import { describe, test } from 'vitest';
import { MemoryStateSignals } from '../../src/storage/index.ts';
import { stateSignalsContract } from '../../src/testing/index.ts';

describe('StateSignals contract: MemoryStateSignals', () => {
  for (const contract of stateSignalsContract) {
    test(contract.name, () =>
      contract.run(() =>
        Promise.resolve({ signals: new MemoryStateSignals(), dispose: () => Promise.resolve() }),
      ),
    );
  }
});
