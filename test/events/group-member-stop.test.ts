import { describe, expect, test } from 'vitest';
import { deadLetter } from '../../src/events/index.ts';
import { HeldHandler, MemberWorld, type TestDelivery } from './member-world.ts';

const namesOf = (deliveries: readonly TestDelivery[]): readonly string[] =>
  deliveries.map(({ name }) => name);

describe('stop', () => {
  test('ends at once where nothing runs, and gives back what waits in the order offered', async () => {
    const world = new MemberWorld(({ id }) => {
      if (id !== 'c1') throw new Error('no');
    });
    world.offer('b1', 'a1', 'b2', 'c1', 'a2');
    expect(namesOf(await world.member.stop(1000))).toEqual(['b1', 'a1', 'b2', 'a2']);
    expect([world.member.inFlight, world.member.room, world.clock.nextDueMs]).toEqual([0, 0, Infinity]);
  });

  test('lets handlers end in time, acknowledges them, and begins no others', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { concurrency: 2 });
    world.offer('a1', 'a2', 'b1', 'c1');
    const stopped = world.member.stop(1000);
    held.end('a1');
    await world.after(999);
    held.end('b1');
    expect(namesOf(await stopped)).toEqual(['a2', 'c1']);
    expect([held.names, world.heard]).toEqual([
      ['a1', 'b1'],
      ['done a1', 'done b1'],
    ]);
    expect([held.calls[0]?.signal.aborted, world.clock.nextDueMs]).toEqual([false, Infinity]);
  });

  test('aborts handlers when the time is up; what they do later counts for nothing', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { concurrency: 2 });
    world.offer('a1', 'a2', 'b1');
    const stopped = world.member.stop(1000);
    await world.after(999);
    expect(held.calls[1]?.signal.aborted).toBe(false);
    await world.after(1);
    expect(held.calls.map(({ signal }) => signal.reason as unknown)).toMatchObject([
      { code: 'ABORTED' },
      { code: 'ABORTED' },
    ]);
    held.end('a1');
    held.fail('b1', new Error('late'));
    await world.after(60_000);
    expect([namesOf(await stopped), world.heard]).toEqual([['a1', 'a2', 'b1'], []]);
  });

  test.each([0, -1, NaN])('with no time left (%d) it aborts them within the call', async (timeoutMs) => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler);
    world.offer('a1');
    const stopped = world.member.stop(timeoutMs);
    expect(held.calls[0]?.signal.aborted).toBe(true);
    expect(namesOf(await stopped)).toEqual(['a1']);
  });

  test('an attempt that fails meanwhile is given back without a back-off', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler);
    world.offer('a1');
    const stopped = world.member.stop(1000);
    held.fail('a1', new Error('no'));
    expect(namesOf(await stopped)).toEqual(['a1']);
    expect(world.heard).toEqual([]);
  });

  test('waits for a dead letter, also for one that comes up meanwhile', async () => {
    const held = new HeldHandler();
    const written = Promise.withResolvers<undefined>();
    const world = new MemberWorld(held.handler);
    world.onDead = () => written.promise;
    world.offer('a1', 'a2');
    let isStopped = false;
    const stopped = world.member.stop(1000).finally(() => {
      isStopped = true;
    });
    held.end('a1', deadLetter('no'));
    await world.after(999);
    expect([isStopped, world.heard]).toEqual([false, ['dead a1 REFUSED 1 no']]);
    written.resolve(undefined);
    expect(namesOf(await stopped)).toEqual(['a2']);
  });

  test('gives a letter up that takes too long', async () => {
    const world = new MemberWorld(() => deadLetter('no'));
    world.onDead = () => new Promise(() => undefined);
    world.offer('a1');
    const stopped = world.member.stop(1000);
    await world.after(1000);
    expect(namesOf(await stopped)).toEqual(['a1']);
  });

  test('a second call waits for the first and may shorten it', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler);
    world.offer('a1');
    const first = world.member.stop(10_000);
    const second = world.member.stop(100);
    await world.after(100);
    expect([namesOf(await first), namesOf(await second)]).toEqual([['a1'], ['a1']]);
    expect(namesOf(await world.member.stop(0))).toEqual(['a1']);
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test('what is offered meanwhile is given back, what is offered later is nobody’s', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, { concurrency: 2 });
    world.offer('a1');
    const stopped = world.member.stop(1000);
    world.offer('b1', 'a2');
    held.end('a1');
    expect(namesOf(await stopped)).toEqual(['b1', 'a2']);
    world.offer('c1');
    expect([held.names, world.member.inFlight, world.heard]).toEqual([['a1'], 0, ['done a1']]);
  });

  test('asked for by a handler it waits for that one, which is acknowledged', async () => {
    let stopped: Promise<readonly TestDelivery[]> | undefined;
    const world: MemberWorld = new MemberWorld(() => {
      world.offer('a2');
      stopped = world.member.stop(1000);
    });
    world.offer('a1');
    expect(world.heard).toEqual(['done a1']);
    expect(namesOf((await stopped) ?? [])).toEqual(['a2']);
  });

  test('asked for by a handler without time it gives that one’s event back', async () => {
    let stopped: Promise<readonly TestDelivery[]> | undefined;
    let aborted: boolean | undefined;
    const world: MemberWorld = new MemberWorld((_event, { signal }) => {
      stopped = world.member.stop(0);
      aborted = signal.aborted;
    });
    world.offer('a1');
    expect([namesOf((await stopped) ?? []), world.heard, aborted]).toEqual([['a1'], [], true]);
  });
});

describe('abandon', () => {
  test('forgets what waits, runs, backs off and dies, aborts handlers, and goes on with the rest', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(
      (each, context) => {
        if (each.id === 'b1') throw new Error('no');
        return each.id === 'c1' ? deadLetter('no') : held.handler(each, context);
      },
      { concurrency: 1 },
    );
    const written = Promise.withResolvers<undefined>();
    world.onDead = () => written.promise;
    world.offer('b1', 'c1', 'a1', 'a2', 'd1', 'b2', 'd2');
    await world.after(0);
    const gone = world.member.abandon(({ name }) => /[abc]1|d1|a2/.test(name));
    expect(namesOf(gone)).toEqual(['b1', 'c1', 'a1', 'a2', 'd1']);
    expect(held.calls[0]?.signal.reason).toMatchObject({ code: 'ABORTED' });
    written.resolve(undefined);
    held.end('a1');
    await world.after(1000);
    expect([world.heard.slice(2), held.names, world.member.inFlight]).toEqual([[], ['a1', 'b2'], 2]);
    held.end('b2');
    await world.after(0);
    held.end('d2');
    await world.after(0);
    expect([world.heard.slice(2), world.member.inFlight]).toEqual([['done b2', 'done d2'], 0]);
  });

  test('leaves no timer behind, neither of a back-off nor of a handler', () => {
    const world = new MemberWorld(
      ({ id }) => {
        if (id === 'a1') throw new Error('no');
        return new Promise(() => undefined);
      },
      { concurrency: 2 },
    );
    world.offer('a1', 'b1');
    world.member.abandon(() => true);
    expect([world.clock.nextDueMs, world.member.inFlight]).toEqual([Infinity, 0]);
  });

  test('what is offered next stands behind what is left, and the oldest of that goes first', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler);
    world.offer('x1', 'a1', 'b1', 'a2', 'x2', 'b2');
    world.member.abandon(({ name }) => /a1|x2|b2/.test(name));
    world.offer('b3', 'x3');
    const left = ['x1', 'b1', 'a2', 'b3', 'x3'];
    for (const name of left) {
      held.end(name);
      await world.after(0);
    }
    expect([held.names, world.heard]).toEqual([left, left.map((name) => `done ${name}`)]);
  });

  test('leaves a running handler alone when only what waits behind it goes', async () => {
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler);
    world.offer('a1', 'a2', 'a3');
    expect(namesOf(world.member.abandon(({ name }) => name === 'a2'))).toEqual(['a2']);
    expect(held.calls[0]?.signal.aborted).toBe(false);
    held.end('a1');
    await world.after(0);
    world.offer('a4');
    held.end('a3');
    await world.after(0);
    expect([held.names, world.heard]).toEqual([
      ['a1', 'a3', 'a4'],
      ['done a1', 'done a3'],
    ]);
  });

  test('leaves a back-off alone when only what waits behind it goes', async () => {
    let fails = true;
    const world = new MemberWorld(() => {
      if (fails) throw new Error('no');
    });
    world.offer('a1', 'a2');
    world.member.abandon(({ name }) => name === 'a2');
    fails = false;
    await world.after(49);
    expect(world.heard).toEqual(['retry a1 1 50 no']);
    await world.after(1);
    expect(world.heard.slice(1)).toEqual(['done a1']);
  });

  test('from within the handler of the event itself: it is not acknowledged, whatever comes of it', async () => {
    for (const ending of ['returns', 'throws', 'rejects', 'refuses'] as const) {
      const world: MemberWorld = new MemberWorld(({ id }) => {
        if (id !== 'a1') return undefined;
        world.offer('a2');
        expect(namesOf(world.member.abandon(({ name }) => name === 'a1'))).toEqual(['a1']);
        if (ending === 'throws') throw new Error('no');
        if (ending === 'rejects') return Promise.reject(new Error('no'));
        return ending === 'refuses' ? deadLetter('no') : undefined;
      });
      world.offer('a1');
      await world.after(0);
      expect([ending, world.heard, world.member.inFlight]).toEqual([ending, ['done a2'], 0]);
    }
  });

  test('from within a handler that was waiting in line', async () => {
    const held = new HeldHandler();
    const world: MemberWorld = new MemberWorld((each, context) => {
      if (each.id === 'x1') return held.handler(each, context);
      if (each.id === 'a1') world.member.abandon(({ name }) => name.startsWith('a'));
      return undefined;
    });
    world.offer('x1', 'a1', 'a2', 'b1');
    held.end('x1');
    await world.after(0);
    expect([world.heard, world.member.inFlight]).toEqual([['done x1', 'done b1'], 0]);
  });

  test('from within a handler that was waiting in line, of another one: its own event is not begun again', async () => {
    const held = new HeldHandler();
    const world: MemberWorld = new MemberWorld(
      (each, context) => {
        if (each.id === 'a1') world.member.abandon(({ name }) => name === 'b1');
        return held.handler(each, context);
      },
      { concurrency: 2 },
    );
    world.offer('x1', 'y1', 'a1', 'b1');
    held.end('x1');
    await world.after(0);
    held.end('y1');
    await world.after(0);
    held.end('a1');
    await world.after(0);
    expect([held.names, world.heard]).toEqual([
      ['x1', 'y1', 'a1'],
      ['done x1', 'done y1', 'done a1'],
    ]);
  });

  test('what was offered from within the handler goes too', () => {
    const world: MemberWorld = new MemberWorld(({ id }) => {
      if (id !== 'a1') return;
      world.offer('b1', 'c1');
      expect(namesOf(world.member.abandon(({ name }) => name === 'b1'))).toEqual(['b1']);
    });
    world.offer('a1');
    expect(world.heard).toEqual(['done a1', 'done c1']);
  });
});
