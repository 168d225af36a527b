import { describe, test } from 'vitest';
import { type EventBusUnderTest, eventBusContract } from '../../src/testing/index.ts';
import { durableSubject, memorySubject } from './support/embedded-subject.ts';

function run(name: string, open: () => Promise<EventBusUnderTest>): void {
  describe(`EventBus contract: ${name}`, { timeout: 30_000 }, () => {
    for (const contract of eventBusContract) test(contract.name, () => contract.run(open));
  });
}

run('EmbeddedEventBus in memory', memorySubject);
run('EmbeddedEventBus, durable', () => durableSubject());
