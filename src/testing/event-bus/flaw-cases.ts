import assert from 'node:assert/strict';
import type { EventBus, Subscription } from '../../events/event-bus.ts';
import { fillBooked, tickRevised, tickSeen } from './contract-events.ts';
import { type BusTrial, Recorder, SOON, busCase, lettersOf } from './recorder.ts';
import type { EventBusUnderTest } from './event-bus-under-test.ts';

const envelope = {
  ...{ specversion: '1.0', id: 'planted', source: '/elsewhere', type: 'tick.seen', dataversion: 1 },
  ...{ time: '2026-11-21T12:00:00.000Z', subject: 'A', data: { instrument: 'A', n: 1 } },
};

/** Groups that name everything, one type of the topic, the other type of it, and a type of another topic. */
const GROUPS = ['all', 'seen', 'revised', 'fills'] as const;

interface Groups {
  readonly bus: EventBus;
  readonly subscriptions: readonly Subscription[];
  readonly recorders: Readonly<Record<(typeof GROUPS)[number], Recorder>>;
}

/** Makes the groups. @returns them at work */
async function join(bus: EventBus): Promise<Groups> {
  const [all, seen, revised, fills] = [new Recorder(), new Recorder(), new Recorder(), new Recorder()];
  const subscriptions = [
    bus.subscribe('all', '*', all.handler, SOON),
    bus.subscribe('seen', [tickSeen], seen.handler, SOON),
    bus.subscribe('revised', [tickRevised], revised.handler, SOON),
    bus.subscribe('fills', [fillBooked], fills.handler, SOON),
  ];
  await Promise.all(subscriptions.map(({ ready }) => ready));
  return { bus, subscriptions, recorders: { all, seen, revised, fills } };
}

/** Makes groups, and plants entries before they are at work again. */
async function plant(
  bus: EventBus,
  writeRaw: (topic: string, text: string) => Promise<EventBus>,
  topic: string,
  texts: readonly string[],
): Promise<Groups> {
  const { subscriptions } = await join(bus);
  await Promise.all(subscriptions.map((each) => each.stop()));
  let present = bus;
  for (const text of texts) present = await writeRaw(topic, text);
  return join(present);
}

/** Publishes behind what was planted, and waits until every group has come so far. */
async function passBy({ bus, recorders }: Groups, t: BusTrial): Promise<void> {
  await bus.publish(tickSeen, { instrument: 'A', n: 100 });
  await bus.publish(tickRevised, { instrument: 'A', n: 101 });
  await bus.publish(fillBooked, { instrument: 'A', n: 102 });
  const { all, seen, revised, fills } = recorders;
  const has = (each: Recorder, ...wanted: number[]) => wanted.every((n) => each.numbers.includes(n));
  await t.until(() => has(all, 100, 101, 102) && has(seen, 100), 'the events behind it');
  await t.until(() => has(revised, 101) && has(fills, 102), 'the events behind it, of other types');
}

/** Plants a text, and compares who has it among the dead letters. */
const flawCase = (
  name: string,
  text: string,
  expected: { readonly reason: string; readonly groups: readonly string[] },
) =>
  busCase(name, async ({ bus, writeRaw }: EventBusUnderTest, t) => {
    if (writeRaw === undefined) return;
    const groups = await plant(bus, writeRaw, 'tick', [text]);
    await passBy(groups, t);
    const letters = async () =>
      (await Promise.all(GROUPS.map((group) => lettersOf(groups.bus, group)))).flat();
    const wanted = expected.groups.map((group) => [group, 'tick', expected.reason, 0, text]);
    await t.until(async () => (await letters()).length >= wanted.length, 'the letters');
    const found = await letters();
    assert.ok(found.every(({ detail }) => detail.length > 0));
    assert.deepEqual(
      found.map((each) => [each.group, each.topic, each.reason, each.attempts, each.text]),
      wanted,
    );
    const handled = Object.values(groups.recorders).flatMap(({ numbers }) => numbers);
    assert.ok(handled.every((n) => n >= 100));
  });

/** Entries that no bus of this catalogue would have written. */
export const flawCases = [
  flawCase('tells every group of the topic of what is not JSON', '{"specversion":"1.0","id":', {
    reason: 'INVALID',
    groups: ['all', 'seen', 'revised'],
  }),
  flawCase('tells every group of the topic of JSON that is no event', '["not an event"]', {
    reason: 'INVALID',
    groups: ['all', 'seen', 'revised'],
  }),
  flawCase(
    'tells every group of the topic of a type that is not in the catalogue',
    JSON.stringify({ ...envelope, type: 'tick.dreamt' }),
    { reason: 'UNKNOWN_TYPE', groups: ['all', 'seen', 'revised'] },
  ),
  flawCase(
    'tells the groups that name a type of a version that cannot be read',
    JSON.stringify({ ...envelope, dataversion: 9 }),
    { reason: 'UNKNOWN_VERSION', groups: ['all', 'seen'] },
  ),
  flawCase(
    'tells the groups that name a type of data that does not follow its schema',
    JSON.stringify({ ...envelope, data: { instrument: 'A', n: 'one' } }),
    { reason: 'INVALID', groups: ['all', 'seen'] },
  ),
  busCase('brings older versions up to the present one', async ({ bus, writeRaw }, t) => {
    if (writeRaw === undefined) return;
    const { dataversion: _, ...unversioned } = { ...envelope, type: 'fill.booked' };
    const groups = await plant(bus, writeRaw, 'fill', [
      JSON.stringify({ ...unversioned, id: 'v1', data: { lots: 5 } }),
      JSON.stringify({ ...unversioned, id: 'v2', dataversion: 2, data: { n: 6 } }),
    ]);
    const { attempts } = groups.recorders.fills;
    await groups.bus.publish(fillBooked, { instrument: 'A', n: 7 });
    await t.until(() => attempts.length === 3, 'all versions');
    const read = attempts.map(({ event: { dataversion, data } }) => ({ dataversion, ...data }));
    assert.deepEqual(
      read.sort((a, b) => a.n - b.n),
      [
        { dataversion: 3, instrument: 'upgraded', n: 5 },
        { dataversion: 3, instrument: 'upgraded', n: 6 },
        { dataversion: 3, instrument: 'A', n: 7 },
      ],
    );
  }),
  busCase('reads past attributes that it does not know', async ({ bus, writeRaw }, t) => {
    if (writeRaw === undefined) return;
    const more = { datacontenttype: 'application/json', sampledrate: 1 };
    const groups = await plant(bus, writeRaw, 'tick', [JSON.stringify({ ...envelope, ...more })]);
    const { attempts } = groups.recorders.seen;
    await t.until(() => attempts.length === 1, 'the event');
    assert.deepEqual(attempts[0]?.event.data, { instrument: 'A', n: 1 });
    assert.deepEqual(await lettersOf(groups.bus, 'seen'), []);
  }),
];
