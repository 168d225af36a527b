import assert from 'node:assert/strict';
import type { OverflowPolicy, PublishReceipt } from '../../events/event-bus.ts';
import type { ContractCase } from '../contract-case.ts';
import { tickSeen } from './contract-events.ts';
import type { EventBusUnderTest } from './event-bus-under-test.ts';
import { type BusTrial, Gate, Recorder, SOON, busCase, upTo } from './recorder.ts';

const ROOM = 5;
const COUNT = 20;

interface Outcome {
  readonly receipts: readonly PublishReceipt[];
  /** How many receipts there were while the bus was full. */
  readonly early: number;
  /** Of each event, the first attempt. */
  readonly numbers: readonly number[];
  readonly dropped: number;
}

/** Publishes more than a bus has room for, then makes room. */
async function fill(
  { openFull = () => assert.fail() }: EventBusUnderTest,
  t: BusTrial,
  policy: OverflowPolicy,
): Promise<Outcome> {
  const { bus, outage, recover } = await openFull(policy, ROOM);
  const gate = new Gate();
  const recorder = new Recorder(() => gate.opened);
  await bus.subscribe('readers', '*', recorder.handler, { ...SOON, maxInFlight: 1 }).ready;
  await outage?.();
  let early = 0;
  const receipts = upTo(COUNT).map((n) =>
    bus.publish(tickSeen, { instrument: 'A', n }).then((receipt) => {
      early += 1;
      return receipt;
    }),
  );
  await t.quiet();
  const atFull = early;
  gate.open();
  await recover?.();
  const all = await Promise.all(receipts);
  const { dropped } = bus.status();
  await t.until(() => new Set(recorder.done).size >= COUNT - dropped, `${COUNT - dropped} events`);
  await t.quiet();
  return { receipts: all, early: atFull, numbers: [...new Set(recorder.numbers)], dropped };
}

const outcomesOf = ({ receipts }: Outcome, outcome: PublishReceipt['outcome']): number =>
  receipts.filter((receipt) => receipt.outcome === outcome).length;

const overflowCase = (
  name: string,
  policy: OverflowPolicy,
  check: (outcome: Outcome) => void,
): ContractCase<EventBusUnderTest> =>
  busCase(name, async (subject, t) => {
    if (subject.policies?.includes(policy) !== true) return;
    check(await fill(subject, t, policy));
  });

/** What becomes of events for which there is no room. */
export const overflowCases = [
  overflowCase('lets publishers wait when it is full, under `block`', 'block', (outcome) => {
    assert.ok(outcome.early < COUNT, `${outcome.early} receipts while it was full`);
    assert.equal(outcomesOf(outcome, 'published'), COUNT);
    assert.deepEqual(outcome.numbers, upTo(COUNT));
    assert.equal(outcome.dropped, 0);
  }),
  overflowCase('gives up what is new when it is full, under `drop-newest`', 'drop-newest', (outcome) => {
    const { receipts, numbers, dropped } = outcome;
    assert.ok(dropped > 0);
    assert.equal(outcomesOf(outcome, 'dropped'), dropped);
    const kept = upTo(COUNT).filter((n) => receipts[n - 1]?.outcome === 'published');
    assert.deepEqual(numbers, kept);
    assert.deepEqual(kept, upTo(kept.length)); // the oldest
    assert.ok(kept.length >= ROOM);
  }),
  overflowCase('gives up what is oldest when it is full, under `drop-oldest`', 'drop-oldest', (outcome) => {
    const { numbers, dropped } = outcome;
    assert.ok(dropped > 0);
    assert.equal(numbers.length, COUNT - dropped);
    assert.deepEqual(numbers.slice(-ROOM), upTo(COUNT, COUNT - ROOM + 1)); // the newest
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
  }),
  overflowCase('keeps on disk what there is no room for, under `spill`', 'spill', (outcome) => {
    // A bus whose medium is this disk has published them all.
    assert.equal(outcomesOf(outcome, 'published') + outcomesOf(outcome, 'spilled'), COUNT);
    assert.deepEqual(outcome.numbers, upTo(COUNT));
    assert.equal(outcome.dropped, 0);
  }),
];
