import { describe, expect, test } from 'vitest';
import { type EventHandler, deadLetter } from '../../src/events/index.ts';
import { HeldHandler, MemberWorld, delivery, event } from './member-world.ts';

describe('a handler that returns no promise', () => {
  test('has handled the event before offer returns', () => {
    const seen: unknown[] = [];
    const world = new MemberWorld((each, { group, topic, position, attempt }) => {
      seen.push({ each, group, topic, position, attempt });
    });
    world.offer('a1');
    expect(world.heard).toEqual(['done a1']);
    expect(seen).toEqual([
      { each: event('a1'), group: 'ledger', topic: 'order', position: 'a1', attempt: 1 },
    ]);
    expect([world.member.inFlight, world.member.room]).toEqual([0, 1000]);
  });

  test.each([
    { thrown: new Error('no'), detail: 'no' },
    { thrown: 'text', detail: 'text' },
    { thrown: undefined, detail: 'undefined' },
    { thrown: null, detail: 'null' },
    { thrown: Object.create(null) as unknown, detail: 'something that cannot be read as text' },
  ])('is tried again whatever it throws: $detail', async ({ thrown, detail }) => {
    let calls = 0;
    const world = new MemberWorld(() => {
      calls += 1;
      if (calls === 1) throw thrown;
    });
    world.offer('a1');
    expect([...world.heard, calls]).toEqual([`retry a1 1 50 ${detail}`, 1]);
    await world.after(50);
    expect([...world.heard.slice(1), calls]).toEqual(['done a1', 2]);
  });

  test('takes what it offers itself only after it has returned, in order', () => {
    const order: string[] = [];
    const world: MemberWorld = new MemberWorld(({ id }) => {
      order.push(`begin ${id}`);
      if (id === 'a1') world.offer('b1', 'a2');
      order.push(`end ${id}`);
    });
    world.offer('a1');
    expect(order).toEqual(['begin a1', 'end a1', 'begin b1', 'end b1', 'begin a2', 'end a2']);
    expect(world.heard).toEqual(['done a1', 'done b1', 'done a2']);
  });

  test('runs outside of a promise also after one of another kind', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld((each, context) =>
      each.id === 'a1' ? held.handler(each, context) : undefined,
    );
    world.offer('a1', 'a2', 'b1', 'a3');
    expect(world.heard).toEqual([]);
    held.end('a1');
    await world.after(0);
    expect(world.heard).toEqual(['done a1', 'done a2', 'done b1', 'done a3']);
  });

  test('a value that is not a promise handles the event, whatever it is', () => {
    const values = [
      false,
      null,
      'dead',
      {},
      { outcome: 'dead' },
      { outcome: 'done', reason: 'x' },
      { then: 1 },
    ];
    const world = new MemberWorld(({ data }) => data);
    for (const data of values) world.member.offer(delivery('a1', { event: event('a1', { data }) }));
    expect(world.heard).toEqual(values.map(() => 'done a1'));
  });
});

describe('keys', () => {
  test('one after another within a key, side by side across keys, up to the concurrency', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { concurrency: 2 });
    world.offer('a1', 'a2', 'b1', 'c1');
    expect(held.names).toEqual(['a1', 'b1']);
    held.end('b1');
    await world.after(0);
    expect(held.names).toEqual(['a1', 'b1', 'c1']);
    held.end('a1');
    await world.after(0);
    expect(held.names).toEqual(['a1', 'b1', 'c1', 'a2']);
    expect(world.heard).toEqual(['done b1', 'done a1']);
  });

  test('with one handler everything keeps its order as long as nothing fails', async () => {
    const world = new MemberWorld(() => Promise.resolve());
    const names = ['a1', 'b1', 'a2', 'c1', 'c2', 'b2', 'a3'];
    world.offer(...names);
    await world.after(0);
    expect(world.heard).toEqual(names.map((name) => `done ${name}`));
  });

  test('the event that was offered first goes first when several keys are ready', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler);
    const names = ['x1', 'e1', 'c1', 'd1', 'a1', 'b1', 'c2', 'e2', 'a2'];
    world.offer(...names);
    for (const name of names) {
      held.end(name);
      await world.after(0);
    }
    expect(held.names).toEqual(names);
  });

  test('one key of two topics is two', () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { concurrency: 2 });
    world.offer('a1');
    world.member.offer(delivery('a2', { topic: 'market' }));
    expect(held.names).toEqual(['a1', 'a2']);
  });

  test('the partition key counts before the subject, and events with neither are of one key', () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { concurrency: 9 });
    const offer = (name: string, overrides: Parameters<typeof event>[1]): void => {
      world.member.offer(delivery(name, { event: event(name, overrides) }));
    };
    offer('a1', { partitionkey: 'p' });
    offer('a2', {});
    offer('b1', { partitionkey: 'p' });
    offer('c1', { subject: undefined });
    offer('d1', { subject: undefined });
    expect(held.names).toEqual(['a1', 'a2', 'c1']);
  });

  test('a failing key waits while others go on', async () => {
    const world = new MemberWorld(({ id }, { attempt }) => {
      if (id === 'a1' && attempt < 3) throw new Error('not yet');
    });
    world.offer('a1', 'a2', 'b1');
    await world.after(49);
    expect(world.heard).toEqual(['retry a1 1 50 not yet', 'done b1']);
    await world.after(1);
    await world.after(100);
    expect(world.heard.slice(2)).toEqual(['retry a1 2 100 not yet', 'done a1', 'done a2']);
  });
});

describe('retries', () => {
  const failing: EventHandler = () => Promise.reject(new Error('no'));

  test('wait twice as long each time, jittered, up to the limit; then it is dead', async () => {
    const world = new MemberWorld(failing, { backoffMs: 10, maxBackoffMs: 30, maxAttempts: 5 });
    world.offer('a1');
    for (let at = 0; at < 9; at += 1) await world.after(15);
    expect(world.heard).toEqual([
      ...['retry a1 1 5 no', 'retry a1 2 10 no', 'retry a1 3 15 no', 'retry a1 4 15 no'],
      'dead a1 ATTEMPTS_EXHAUSTED 5 no',
    ]);
    expect(world.member.inFlight).toBe(0);
  });

  test('count on from the attempts of others', async () => {
    const world = new MemberWorld(failing, { maxAttempts: 4, backoffMs: 10 });
    world.member.offer(delivery('a1', { attempts: 2 }));
    await world.after(0);
    expect(world.heard).toEqual(['retry a1 3 20 no']);
    await world.after(20);
    expect(world.heard.slice(1)).toEqual(['dead a1 ATTEMPTS_EXHAUSTED 4 no']);
  });

  test.each([4, 5, NaN])('none where others have made as many as may be: %d', async (attempts) => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { maxAttempts: 4 });
    world.member.offer(delivery('a1', { attempts }));
    world.offer('a2');
    await world.after(0);
    expect(world.heard).toEqual([`dead a1 CRASHED ${attempts} no attempt has come to an end`]);
    expect(held.names).toEqual(['a2']);
  });

  test('an event that crashed waits for its turn all the same', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler);
    world.offer('a1');
    world.member.offer(delivery('a2', { attempts: 5 }));
    await world.after(0);
    expect(world.heard).toEqual([]);
    held.end('a1');
    await world.after(0);
    expect(world.heard).toEqual(['done a1', 'dead a2 CRASHED 5 no attempt has come to an end']);
  });

  test('what was thrown is kept without secrets, and not longer than 1,000 characters', async () => {
    const world = new MemberWorld(
      () => Promise.reject(new Error(`https://me:hunter2@host/ ${'x'.repeat(2000)}`)),
      {
        maxAttempts: 1,
      },
    );
    world.offer('a1');
    await world.after(0);
    const [letter = ''] = world.heard;
    expect(letter).not.toContain('hunter2');
    expect(letter.length).toBe('dead a1 ATTEMPTS_EXHAUSTED 1 '.length + 1000);
  });
});

describe('time-outs', () => {
  test('an attempt fails when its time is up, and its signal aborts; the event is tried again', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { handlerTimeoutMs: 200 });
    world.offer('a1', 'b1');
    await world.after(199);
    expect([held.calls[0]?.signal.aborted, ...world.heard]).toEqual([false]);
    await world.after(1);
    expect(held.calls[0]?.signal.reason).toMatchObject({ code: 'TIMED_OUT' });
    expect(world.heard).toEqual(['retry a1 1 50 the handler has not ended within 200 ms']);
    expect(held.names).toEqual(['a1', 'b1']);
    held.end('b1');
    await world.after(50);
    expect(held.calls[2]).toMatchObject({ name: 'a1', attempt: 2, signal: { aborted: false } });
  });

  test.each(['end', 'fail'] as const)('a late %s counts for nothing', async (how) => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { handlerTimeoutMs: 200 });
    world.offer('a1', 'a2');
    await world.after(200);
    if (how === 'end') held.end('a1');
    else held.fail('a1', new Error('late'));
    await world.after(0);
    expect([held.names, world.heard.length, world.member.inFlight]).toEqual([['a1'], 1, 2]);
    await world.after(50);
    held.end('a1');
    await world.after(0);
    expect(world.heard.slice(1)).toEqual(['done a1']);
  });

  test('a signal that is asked for afterwards has aborted already', async () => {
    let late: (() => AbortSignal) | undefined;
    const world = new MemberWorld(
      (_event, context) => {
        late = () => context.signal;
        return new Promise(() => undefined);
      },
      { handlerTimeoutMs: 200 },
    );
    world.offer('a1');
    await world.after(200);
    expect(late?.().reason).toMatchObject({ code: 'TIMED_OUT' });
  });

  test('none is left behind by a handler that has ended', async () => {
    const world = new MemberWorld(() => Promise.resolve());
    world.offer('a1', 'a2');
    await world.after(0);
    expect([world.heard, world.clock.nextDueMs]).toEqual([['done a1', 'done a2'], Infinity]);
  });
});

describe('dead letters', () => {
  test.each([
    { how: 'at once', handler: () => deadLetter('unheard of') },
    { how: 'by a promise', handler: () => Promise.resolve(deadLetter('unheard of')) },
  ])('a handler refuses an event $how: no second attempt', async ({ handler }) => {
    const world = new MemberWorld(handler);
    world.offer('a1');
    await world.after(0);
    expect([world.heard, world.member.inFlight]).toEqual([['dead a1 REFUSED 1 unheard of'], 0]);
  });

  test('its key stands still until it is on record, others go on', async () => {
    const written = Promise.withResolvers<undefined>();
    const world = new MemberWorld(({ id }) => (id === 'a1' ? deadLetter('no') : undefined));
    world.onDead = () => written.promise;
    world.offer('a1', 'a2', 'b1');
    await world.after(0);
    expect([world.heard, world.member.inFlight]).toEqual([['dead a1 REFUSED 1 no', 'done b1'], 2]);
    written.resolve(undefined);
    await world.after(0);
    expect([world.heard.slice(2), world.member.inFlight]).toEqual([['done a2'], 0]);
  });

  test.each([
    { how: 'rejects', onDead: () => Promise.reject(new Error('disk')) },
    {
      how: 'throws',
      onDead: (): Promise<void> => {
        throw new Error('disk');
      },
    },
  ])('a listener that $how leaves the key standing, and the event is given back', async ({ onDead }) => {
    const world = new MemberWorld(({ id }) => (id === 'a1' ? deadLetter('no') : undefined));
    world.onDead = onDead;
    world.offer('a1', 'a2', 'b1');
    await world.after(0);
    expect(world.heard).toEqual(['dead a1 REFUSED 1 no', 'done b1']);
    const rest = await world.member.stop(1000);
    expect(rest.map(({ name }) => name)).toEqual(['a1', 'a2']);
  });
});

describe('room', () => {
  test('is what is left of maxInFlight, and is told of only when there was none', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { maxInFlight: 2 });
    world.offer('a1');
    expect([world.member.room, world.member.inFlight]).toEqual([1, 1]);
    world.offer('a2');
    expect([world.member.room, world.member.inFlight]).toEqual([0, 2]);
    held.end('a1');
    await world.after(0);
    expect([world.heard, world.member.room]).toEqual([['done a1', 'room'], 1]);
    held.end('a2');
    await world.after(0);
    expect([world.heard, world.member.room]).toEqual([['done a1', 'room', 'done a2'], 2]);
  });

  test('what is offered without any is taken, and room comes back when there is some again', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { maxInFlight: 1 });
    world.offer('a1', 'b1');
    expect([world.member.room, world.member.inFlight]).toEqual([0, 2]);
    held.end('a1');
    await world.after(0);
    expect([world.heard, world.member.room]).toEqual([['done a1'], 0]);
    held.end('b1');
    await world.after(0);
    expect([world.heard, world.member.room]).toEqual([['done a1', 'done b1', 'room'], 1]);
  });

  test('of one is told of after each event, and offering more then does not grow the stack', () => {
    let left = 50_000;
    const world = new MemberWorld(() => undefined, { maxInFlight: 1 });
    world.onRoom = () => {
      left -= 1;
      if (left > 0) world.offer('a1');
    };
    world.offer('a1');
    expect([left, world.member.inFlight]).toEqual([0, 0]);
  });

  test('is not told of where the listener has used it up in onDone', () => {
    let left = 3;
    const world = new MemberWorld(() => undefined, { maxInFlight: 1 });
    world.onDone = () => {
      left -= 1;
      if (left > 0) world.offer('a1');
    };
    world.offer('a1');
    expect(world.heard).toEqual(['done a1', 'done a1', 'done a1', 'room']);
  });

  test('comes back with a dead letter and with what is abandoned', async () => {
    const world = new MemberWorld(() => new Promise(() => undefined), { maxInFlight: 2, maxAttempts: 1 });
    world.member.offer(delivery('a1', { attempts: 1 }));
    world.offer('b1');
    await world.after(0);
    expect(world.heard.slice(1)).toEqual(['room']);
    world.offer('b2');
    world.member.abandon(() => true);
    expect([world.heard.slice(1), world.member.room]).toEqual([['room', 'room'], 2]);
  });
});
