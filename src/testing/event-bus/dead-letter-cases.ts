import assert from 'node:assert/strict';
import type { EventBus } from '../../events/event-bus.ts';
import { fillBooked, tickSeen } from './contract-events.ts';
import { type BusTrial, Recorder, SOON, busCase, lettersOf, statusOf, upTo } from './recorder.ts';

const ONCE = { ...SOON, maxAttempts: 1 } as const;

/** A group that refuses everything while `isBad`. */
class Fussy {
  isBad = true;
  readonly recorder = new Recorder(() => {
    if (this.isBad) throw new Error('out of order');
  });

  async join(bus: EventBus, group: string): Promise<void> {
    await bus.subscribe(group, '*', this.recorder.handler, ONCE).ready;
  }
}

async function publishAll(bus: EventBus, numbers: readonly number[]): Promise<void> {
  for (const n of numbers) await bus.publish(tickSeen, { instrument: 'A', n });
}

const lettersAre = (t: BusTrial, bus: EventBus, group: string, count: number) =>
  t.until(async () => (await lettersOf(bus, group)).length === count, `${count} letters of ${group}`);

const numberIn = (text: string): number => (JSON.parse(text) as { data: { n: number } }).data.n;

/** The letters that a group could not handle, and what can be done with them. */
export const deadLetterCases = [
  busCase('lists letters by group and topic, oldest first, in pages', async ({ bus }, t) => {
    const fussy = new Fussy();
    const other = new Fussy();
    await fussy.join(bus, 'fussy');
    await other.join(bus, 'other');
    await publishAll(bus, upTo(7));
    await bus.publish(fillBooked, { instrument: 'A', n: 8 });
    await lettersAre(t, bus, 'fussy', 8);
    await lettersAre(t, bus, 'other', 8);
    assert.equal((await bus.deadLetters.list()).length, 16);
    const filter = { group: 'fussy', topic: 'tick', limit: 3 };
    const pages: number[][] = [];
    let after: string | undefined;
    for (;;) {
      const page = await bus.deadLetters.list({ ...filter, after });
      if (page.length === 0) break;
      pages.push(page.map(({ text }) => numberIn(text)));
      after = page.at(-1)?.letterId;
      assert.ok(pages.length < 9, 'pages have no end');
    }
    assert.deepEqual(pages, [[1, 2, 3], [4, 5, 6], [7]]);
    const booked = await bus.deadLetters.list({ group: 'fussy', topic: 'fill' });
    assert.deepEqual(
      booked.map(({ text }) => numberIn(text)),
      [8],
    );
  }),
  busCase('pages through the letters of all groups and topics, each once', async ({ bus }, t) => {
    for (const group of ['one', 'two']) await new Fussy().join(bus, group);
    await publishAll(bus, upTo(3));
    await bus.publish(fillBooked, { instrument: 'A', n: 4 });
    for (const group of ['one', 'two']) await lettersAre(t, bus, group, 4);
    const seen: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await bus.deadLetters.list({ limit: 3, after });
      if (page.length === 0) break;
      seen.push(...page.map(({ letterId }) => letterId));
      after = page.at(-1)?.letterId;
      assert.ok(seen.length < 30, 'pages have no end');
    }
    assert.equal(seen.length, 8);
    assert.equal(new Set(seen).size, 8);
  }),
  busCase('refuses a limit that is none', async ({ bus }) => {
    for (const limit of [0, 1_001, Number.NaN]) {
      await assert.rejects(bus.deadLetters.list({ limit }), { code: 'OPTION_INVALID' });
    }
  }),
  busCase('puts letters back for their group only, with all attempts before them', async ({ bus }, t) => {
    const fussy = new Fussy();
    const other = new Recorder();
    await fussy.join(bus, 'fussy');
    await bus.subscribe('other', '*', other.handler).ready;
    await publishAll(bus, [1, 2]);
    await lettersAre(t, bus, 'fussy', 2);
    const [first] = await lettersOf(bus, 'fussy');
    assert.ok(first !== undefined);
    fussy.isBad = false;
    assert.deepEqual(await bus.deadLetters.requeue([first.letterId, 'no-such-letter']), [first.letterId]);
    await t.until(() => fussy.recorder.done.length === 1, 'the event that was put back');
    await publishAll(bus, [3]);
    await t.until(() => fussy.recorder.done.length === 2 && other.done.length >= 3, 'the event behind it');
    assert.deepEqual(fussy.recorder.numbers, [1, 2, 1, 3]);
    assert.deepEqual(other.numbers, [1, 2, 3]);
    const [before, , again] = fussy.recorder.attempts;
    assert.equal(again?.delivery.attempt, 1);
    assert.notEqual(again.delivery.position, before?.delivery.position);
    assert.deepEqual(JSON.parse(JSON.stringify(again.event)), JSON.parse(JSON.stringify(before?.event)));
    assert.equal((await lettersOf(bus, 'fussy')).length, 1);
    assert.deepEqual(await bus.deadLetters.requeue([first.letterId]), []);
  }),
  busCase('does not give what was put back to groups that come later, or to replays', async ({ bus }, t) => {
    const fussy = new Fussy();
    await fussy.join(bus, 'fussy');
    await publishAll(bus, [1]);
    await lettersAre(t, bus, 'fussy', 1);
    fussy.isBad = false;
    await bus.deadLetters.requeue((await lettersOf(bus, 'fussy')).map(({ letterId }) => letterId));
    await publishAll(bus, [2]);
    await t.until(() => fussy.recorder.done.length === 2, 'both events');
    const late = new Recorder();
    await bus.subscribe('late', '*', late.handler, { from: 'beginning' }).ready;
    await t.until(() => late.numbers.includes(2), 'the last event');
    assert.deepEqual(late.numbers, [1, 2]);
    const replayed = new Recorder();
    await bus.replay('*', replayed.handler, { from: 'beginning' }).done;
    assert.deepEqual(replayed.numbers, [1, 2]);
  }),
  busCase('makes a letter again of what fails again', async ({ bus }, t) => {
    const fussy = new Fussy();
    await fussy.join(bus, 'fussy');
    await publishAll(bus, [1]);
    await lettersAre(t, bus, 'fussy', 1);
    const [letter] = await lettersOf(bus, 'fussy');
    await bus.deadLetters.requeue([letter?.letterId ?? '']);
    await t.until(() => fussy.recorder.attempts.length === 2, 'another attempt');
    await lettersAre(t, bus, 'fussy', 1);
    const [again] = await lettersOf(bus, 'fussy');
    assert.notEqual(again?.letterId, letter?.letterId);
    assert.equal(numberIn(again?.text ?? ''), 1);
  }),
  busCase('discards letters for good', async ({ bus }, t) => {
    await new Fussy().join(bus, 'fussy');
    await publishAll(bus, [1, 2, 3]);
    await lettersAre(t, bus, 'fussy', 3);
    const ids = (await lettersOf(bus, 'fussy')).map(({ letterId }) => letterId);
    const [first = '', second = ''] = ids;
    assert.deepEqual(await bus.deadLetters.discard([first, 'none', second]), [first, second]);
    assert.deepEqual(
      (await lettersOf(bus, 'fussy')).map(({ letterId }) => letterId),
      ids.slice(2),
    );
    assert.equal((await statusOf(bus, 'fussy'))?.deadLetters, 1);
    assert.deepEqual(await bus.deadLetters.discard([first]), []);
  }),
  busCase('keeps letters, and what was put back, over restarts', async ({ bus, reopen, crash }, t) => {
    if (reopen === undefined || crash === undefined) return;
    await new Fussy().join(bus, 'fussy');
    await publishAll(bus, [1, 2, 3]);
    await lettersAre(t, bus, 'fussy', 3);
    const letters = await lettersOf(bus, 'fussy');
    const reopened = await reopen();
    assert.deepEqual(await lettersOf(reopened, 'fussy'), letters);
    const first = letters[0]?.letterId ?? '';
    assert.deepEqual(await reopened.deadLetters.requeue([first]), [first]);
    const after = await crash();
    assert.deepEqual(await lettersOf(after, 'fussy'), letters.slice(1));
    const recorder = new Recorder();
    await after.subscribe('fussy', '*', recorder.handler, SOON).ready;
    await t.until(() => recorder.done.length > 0, 'the event that was put back');
    // Of those that went to the dead letters, none comes again by itself.
    await publishAll(after, [4]);
    await t.until(() => recorder.numbers.includes(4), 'the event behind it');
    assert.deepEqual(recorder.numbers, [1, 4]);
  }),
];
