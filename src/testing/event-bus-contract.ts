import type { ContractCase } from './contract-case.ts';
import { crashCases } from './event-bus/crash-cases.ts';
import { deadLetterCases } from './event-bus/dead-letter-cases.ts';
import { deliveryCases } from './event-bus/delivery-cases.ts';
import type { EventBusUnderTest } from './event-bus/event-bus-under-test.ts';
import { flawCases } from './event-bus/flaw-cases.ts';
import { idempotentCases } from './event-bus/idempotent-cases.ts';
import { lifecycleCases } from './event-bus/lifecycle-cases.ts';
import { overflowCases } from './event-bus/overflow-cases.ts';
import { placeCases } from './event-bus/place-cases.ts';
import { publishCases } from './event-bus/publish-cases.ts';
import { replayCases } from './event-bus/replay-cases.ts';
import { retryCases } from './event-bus/retry-cases.ts';

export { contractCatalogue } from './event-bus/contract-events.ts';
export type { EventBusUnderTest, FullBusUnderTest } from './event-bus/event-bus-under-test.ts';

/**
 * What every `EventBus` has to do. Cases about what a subject cannot do (a second process, a crash, an outage) pass where it
 * leaves that out. They run in real time, most within milliseconds.
 */
export const eventBusContract: readonly ContractCase<EventBusUnderTest>[] = [
  ...publishCases,
  ...deliveryCases,
  ...retryCases,
  ...deadLetterCases,
  ...flawCases,
  ...placeCases,
  ...crashCases,
  ...idempotentCases,
  ...replayCases,
  ...lifecycleCases,
  ...overflowCases,
];
