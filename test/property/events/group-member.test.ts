import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { parseOptions } from '../../../src/core/options.ts';
import { GroupMember } from '../../../src/events/group-member.ts';
import { type DeliveryContext, deadLetter } from '../../../src/events/index.ts';
import { subscribeOptionsSchema } from '../../../src/events/subscribe-options.ts';
import { type TestDelivery, delivery, event } from '../../events/member-world.ts';

/** What an attempt does: at once, or after so long; `hangs` heeds its signal alone. */
const attempt = fc.record({
  ends: fc.constantFrom('returns', 'returns', 'throws', 'refuses', 'hangs'),
  afterMs: fc.constantFrom(undefined, undefined, 0, 10, 90, 110),
  /** Offered from within the handler. */
  offers: fc.nat({ max: 9 }).map((n) => (n === 0 ? 1 : 0)),
  /** Its partition is lost while the handler is being called. */
  loses: fc.nat({ max: 29 }).map((n) => n === 0),
});

const offered = fc.record({
  what: fc.constant('offer' as const),
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  attempts: fc.constantFrom(0, 0, 0, 1, 3, 4),
  does: fc.array(attempt, { minLength: 1, maxLength: 4 }),
});

const step = fc.oneof(
  { weight: 8, arbitrary: offered },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('advance' as const), ms: fc.nat({ max: 120 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('lose' as const),
      which: fc.constantFrom(/^a/, /^b/, /[13579]$/, /[0369]$/),
    }),
  },
);

const options = fc.record({
  concurrency: fc.integer({ min: 1, max: 3 }),
  maxInFlight: fc.integer({ min: 1, max: 6 }),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  backoffMs: fc.constantFrom(0, 20),
  handlerTimeoutMs: fc.constant(100),
  letterMs: fc.constantFrom(0, 30),
});

type Attempt = typeof attempt extends fc.Arbitrary<infer A> ? A : never;
type Offered = typeof offered extends fc.Arbitrary<infer O> ? O : never;
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Options = typeof options extends fc.Arbitrary<infer O> ? O : never;

/** Plays a script against a member, and holds it to its word at each step. */
class Script {
  readonly clock = new ManualClock();
  readonly member: GroupMember<TestDelivery>;
  readonly #options: Options;
  readonly #does = new Map<string, readonly Attempt[]>();
  /** By name, what became of it. */
  readonly ends = new Map<string, string[]>();
  /** The names offered of each key, and those of them through, in order. */
  readonly offered = new Map<string, string[]>();
  readonly through = new Map<string, string[]>();
  /** What is being attempted, by key. */
  readonly #running = new Map<string, string>();
  #names = 0;
  readonly faults: string[] = [];

  constructor(all: Options, random: () => number) {
    const { letterMs, ...rules } = all;
    this.#options = all;
    this.member = new GroupMember<TestDelivery>(parseOptions('test', subscribeOptionsSchema, rules), {
      ...{ bus: 'events', group: 'ledger', clock: this.clock, random },
      handler: (each, context) => this.#handle(each.id, context),
      listener: {
        onDone: (each) => {
          this.#leave(each.name);
          this.#ended(each.name, 'done');
          this.#look();
        },
        onDead: async (each) => {
          this.#leave(each.name);
          if (letterMs > 0) await this.clock.sleep(letterMs);
          this.#ended(each.name, 'dead');
        },
        onRetry: (each) => {
          this.#leave(each.name);
        },
        onRoom: () => {
          if (!(this.member.room > 0)) this.faults.push('onRoom without room');
          this.#look();
        },
      },
    });
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const todo of steps) {
      if (todo.what === 'offer') this.offer(todo);
      else if (todo.what === 'lose') this.lose((name) => todo.which.test(name));
      else await this.advance(todo.ms);
      this.#look();
    }
  }

  offer({ key, attempts, does }: Omit<Offered, 'what'>): void {
    if (this.member.room <= 0) return;
    this.#names += 1;
    const name = `${key}${this.#names}`;
    this.#does.set(name, does);
    this.offered.set(key, [...(this.offered.get(key) ?? []), name]);
    this.member.offer(delivery(name, { attempts, event: event(name) }));
  }

  lose(which: (name: string) => boolean): void {
    const gone = this.member.abandon(({ name }) => {
      if (which(name)) this.#leave(name); // others may begin before the call returns
      return which(name);
    });
    for (const { name } of gone) this.ends.set(name, [...(this.ends.get(name) ?? []), 'lost']);
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left >= 0; left -= 10) {
      await this.clock.turn();
      this.clock.advance(Math.min(10, Math.max(0, left)));
    }
    await this.clock.turn();
  }

  #handle(name: string, context: DeliveryContext): unknown {
    const key = name.charAt(0);
    const other = this.#running.get(key);
    if (other !== undefined) this.faults.push(`${name} while ${other} is at it`);
    this.#running.set(key, name);
    if (this.#running.size > this.#options.concurrency) this.faults.push('too many at once');
    const does = this.#does.get(name) ?? [];
    const todo = does[(context.attempt - 1) % does.length];
    if (todo === undefined) throw new Error('nothing to do');
    if (todo.offers > 0) this.offer({ key: 'd', attempts: 0, does: [{ ...todo, offers: 0 }] });
    if (todo.loses) this.lose((each) => each === name);
    if (todo.ends === 'hangs') return new Promise(() => undefined);
    if (todo.afterMs === undefined) return end(todo.ends);
    return this.clock.sleep(todo.afterMs).then(() => end(todo.ends));
  }

  #leave(name: string): void {
    if (this.#running.get(name.charAt(0)) === name) this.#running.delete(name.charAt(0));
  }

  #ended(name: string, how: string): void {
    this.ends.set(name, [...(this.ends.get(name) ?? []), how]);
    if (this.ends.get(name)?.includes('lost') === true) return; // a letter that arrived late
    const key = name.charAt(0);
    this.through.set(key, [...(this.through.get(key) ?? []), name]);
  }

  #look(): void {
    const { room, inFlight } = this.member;
    const { maxInFlight } = this.#options;
    if (!(room >= 0 && room <= maxInFlight)) this.faults.push(`room ${room}`);
    if (!(inFlight >= 0 && room + inFlight === maxInFlight)) this.faults.push(`in flight ${inFlight}`);
  }

  /** Everything that comes to an end by itself has done so; what hangs times out. */
  async settle(): Promise<void> {
    for (let at = 0; at < 60 && this.member.inFlight > 0; at += 1) await this.advance(100);
  }
}

function drawn(draws: Iterator<number>): number {
  const next = draws.next();
  return next.done === true ? 0 : next.value;
}

function end(how: Attempt['ends']): unknown {
  if (how === 'throws') throw new Error('no');
  return how === 'refuses' ? deadLetter('no') : undefined;
}

const isSubsequence = (part: readonly string[], whole: readonly string[]): boolean => {
  let at = 0;
  for (const each of whole) if (each === part[at]) at += 1;
  return at === part.length;
};

describe('GroupMember', () => {
  const script = {
    options,
    steps: fc.array(step, { maxLength: 40 }),
    draws: fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
  };

  test.prop(script, { numRuns: 300 })(
    'brings each delivery to one end, those of a key in order and never two at once',
    async ({ options: all, steps, draws }) => {
      const world = new Script(all, () => drawn(draws));
      await world.play(steps);
      await world.settle();
      expect(world.faults).toEqual([]);
      expect(world.member.inFlight).toBe(0);
      for (const [key, names] of world.offered) {
        for (const name of names) {
          // A letter that was being written may be there although the delivery is lost.
          expect(['done', 'dead', 'lost', 'dead,lost', 'lost,dead']).toContain(world.ends.get(name)?.join());
        }
        expect(isSubsequence(world.through.get(key) ?? [], names)).toBe(true);
      }
    },
  );

  test.prop({ ...script, timeoutMs: fc.constantFrom(0, 15, 60, 1000), more: fc.boolean() }, { numRuns: 300 })(
    'stopped at any time gives back what has no end yet, in the order offered, and acknowledges nothing later',
    async ({ options: all, steps, draws, timeoutMs, more }) => {
      const world = new Script(all, () => drawn(draws));
      await world.play(steps);
      let rest: readonly TestDelivery[] | undefined;
      const stopped = world.member.stop(timeoutMs).then((given) => {
        rest = given;
      });
      if (more) world.member.offer(delivery('z999'));
      for (let at = 0; at < 200 && rest === undefined; at += 1) await world.advance(10);
      await stopped;
      const ended = [...world.ends.keys()];
      const given = (rest ?? []).map(({ name }) => name);
      await world.advance(1000);
      // A letter that was on its way when time was up may still arrive.
      const late = [...world.ends].filter(([name]) => !ended.includes(name)).map(([, how]) => how.join());
      expect(late.filter((how) => how !== 'dead')).toEqual([]);
      const known = [...world.offered.values()].flat();
      for (const name of known) {
        const how = world.ends.get(name)?.join();
        if (given.includes(name)) expect([undefined, 'dead']).toContain(how);
        else expect(['done', 'dead', 'lost', 'dead,lost', 'lost,dead']).toContain(how);
      }
      expect(new Set(given).size).toBe(given.length);
      const seqs = given.map((name) => Number(name.slice(1)));
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      expect([world.member.inFlight, world.member.room]).toEqual([0, 0]);
    },
  );
});
