import { describe, expect, test } from 'vitest';
import { deadLetter } from '../../../src/events/dead-letter.ts';
import { HAPPENED, openBus, recorder, settle } from './support/bus-world.ts';

const refuse = (): unknown => deadLetter('not for me');

describe('EmbeddedEventBus: dead letters', () => {
  test('keeps what a handler refuses, and goes on', async () => {
    const { bus, clock, happen } = await openBus();
    bus.subscribe('g', [HAPPENED], ({ data }) => (data.n === 1 ? refuse() : undefined));
    await happen(1);
    await happen(2);
    await settle();
    const [letter, ...more] = await bus.deadLetters.list();
    expect(more).toEqual([]);
    expect(letter).toEqual({
      letterId: '1',
      group: 'g',
      topic: 'thing',
      position: '1',
      reason: 'REFUSED',
      detail: 'not for me',
      attempts: 1,
      atMs: clock.nowMs(),
      text: expect.stringContaining('"data":{"thing":"a","n":1}') as string,
    });
    expect(await bus.groups()).toMatchObject([{ lag: 0, pending: 0, deadLetters: 1 }]);
  });

  test('keeps what fails as often as it may', async () => {
    const { bus, clock, happen } = await openBus();
    let calls = 0;
    bus.subscribe(
      'g',
      [HAPPENED],
      () => {
        calls += 1;
        throw new Error('no');
      },
      { maxAttempts: 3 },
    );
    await happen(1);
    for (let i = 0; i < 5; i += 1) {
      await settle();
      clock.advance(30_000);
    }
    await settle();
    expect(calls).toBe(3);
    expect(await bus.deadLetters.list()).toMatchObject([
      { reason: 'ATTEMPTS_EXHAUSTED', detail: 'no', attempts: 3 },
    ]);
  });

  test('lists by group and topic, so many, behind one', async () => {
    const { bus, happen } = await openBus();
    bus.subscribe('one', [HAPPENED], refuse);
    bus.subscribe('other', [HAPPENED], refuse);
    for (let n = 1; n <= 3; n += 1) {
      await happen(n);
      await settle();
    }
    const ids = async (filter: object): Promise<string[]> =>
      (await bus.deadLetters.list(filter)).map(({ group, position }) => `${group}${position}`);
    expect(await ids({ group: 'one' })).toEqual(['one1', 'one2', 'one3']);
    expect(await ids({ group: 'one', limit: 2 })).toEqual(['one1', 'one2']);
    const second = (await bus.deadLetters.list({ group: 'one' }))[1]?.letterId;
    expect(await ids({ group: 'one', after: second })).toEqual(['one3']);
    expect(await ids({ topic: 'note' })).toEqual([]);
    await expect(ids({ limit: 0 })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(ids({ limit: 1001 })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test('puts one behind the newest of its topic, for its group alone', async () => {
    const { bus, happen } = await openBus();
    let isWell = false;
    const seen: string[] = [];
    bus.subscribe('g', [HAPPENED], ({ data, id }, { position, attempt }) => {
      if (data.n === 1 && !isWell) return refuse();
      seen.push(`${data.n} at ${position} attempt ${attempt} ${id.slice(-1)}`);
      return undefined;
    });
    const other = recorder();
    bus.subscribe('other', [HAPPENED], other.handle);
    await happen(1);
    await happen(2);
    await settle();
    isWell = true;
    expect(await bus.deadLetters.requeue(['1', '7'])).toEqual(['1']);
    expect(await bus.deadLetters.requeue(['1'])).toEqual([]);
    await happen(3);
    await settle();
    expect(seen).toEqual(['2 at 2 attempt 1 2', '1 at 3 attempt 1 1', '3 at 4 attempt 1 3']);
    expect(other.seen).toEqual(['a1', 'a2', 'a3']);
    expect(await bus.deadLetters.list()).toEqual([]);
  });

  test('discards', async () => {
    const { bus, happen } = await openBus();
    bus.subscribe('g', [HAPPENED], refuse);
    await happen(1);
    await happen(2);
    await settle();
    expect(await bus.deadLetters.discard(['2', 'x', '2'])).toEqual(['2']);
    expect(await bus.deadLetters.list()).toMatchObject([{ letterId: '1' }]);
  });

  test('keeps so many, and counts the oldest as lost', async () => {
    const { bus, happen } = await openBus({ keepLetters: 2 });
    bus.subscribe('g', [HAPPENED], refuse);
    for (let n = 1; n <= 3; n += 1) await happen(n);
    await settle();
    expect(await bus.deadLetters.list()).toMatchObject([{ position: '2' }, { position: '3' }]);
    expect(bus.status().dropped).toBe(1);
  });

  test('a dropped group takes its letters along', async () => {
    const { bus, happen } = await openBus();
    const member = bus.subscribe('g', [HAPPENED], refuse);
    bus.subscribe('other', [HAPPENED], refuse);
    await happen(1);
    await settle();
    expect(await bus.dropGroup('g')).toBe(false);
    await member.stop();
    expect(await bus.dropGroup('g')).toBe(true);
    expect(await bus.dropGroup('g')).toBe(false);
    expect(await bus.deadLetters.list()).toMatchObject([{ group: 'other' }]);
    expect(await bus.groups()).toMatchObject([{ group: 'other' }]);
  });
});
