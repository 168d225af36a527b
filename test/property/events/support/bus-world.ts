import { setTimeout as sleep } from 'node:timers/promises';
import type { BusEvent, DeliveryContext, EventBus, Subscription } from '../../../../src/events/index.ts';
import { deadLetter } from '../../../../src/events/index.ts';
import { type Counted, tickSeen } from '../../../../src/testing/event-bus/contract-events.ts';
import type { EventBusUnderTest } from '../../../../src/testing/index.ts';

/** How an event goes, in every group until the world is mended: fails so often, is refused, fails always. */
export type Fate = number | 'refused' | 'poison';

interface Published {
  readonly instrument: string;
  readonly n: number;
  readonly fate: Fate;
  /** Whether the bus has said that it has it. Otherwise it may or may not be there. */
  isCertain: boolean;
}

/** What a group has done with an event. */
interface Handling {
  failures: number;
  /** Of the last completion: in which of the bus's lives its attempt began. */
  doneInLife: number | undefined;
  /** It was told to give the event up. */
  isBuried: boolean;
}

interface Member {
  readonly group: string;
  readonly subscription: Subscription;
  /** A second process that outlives the first. */
  readonly isElsewhere: boolean;
  readonly life: { isOver: boolean };
}

const RULES = { backoffMs: 1, maxBackoffMs: 2, maxAttempts: 25, concurrency: 3, maxInFlight: 20 } as const;
/** Attempts of a handler that died count, and it cannot know: from here on the bus may give an event up. */
const SLACK = 6;
export const GROUPS = ['risk', 'desk'] as const;
export const INSTRUMENTS = ['A', 'B', 'C'] as const;

/** The system under test together with all that was done to it, which says what may happen. */
export class BusWorld {
  readonly violations: string[] = [];
  readonly #subject: EventBusUnderTest;
  readonly #elsewhere: EventBus | undefined;
  readonly #published = new Map<string, Published[]>(INSTRUMENTS.map((each) => [each, []]));
  readonly #handled = new Map<string, Handling>();
  readonly #running = new Map<string, string>();
  readonly #holds = new Map<string, { opened: Promise<void>; open: () => void }>();
  readonly #unsettled = new Set<Promise<unknown>>();
  #bus: EventBus;
  #members: Member[] = [];
  #life = { isOver: false };
  /** Grows with everything that may bring events again that were handled: a death, a restart of the server. */
  #lives = 1;
  #isMended = false;
  #wasRequeued = false;

  constructor(subject: EventBusUnderTest, elsewhere?: EventBus) {
    this.#subject = subject;
    this.#bus = subject.bus;
    this.#elsewhere = elsewhere;
  }

  static async begin(subject: EventBusUnderTest): Promise<BusWorld> {
    const world = new BusWorld(subject, await subject.connect?.());
    for (const group of GROUPS) await world.join(group, false);
    return world;
  }

  get canCrash(): boolean {
    return this.#subject.crash !== undefined && this.#lives < 5;
  }

  get canRestart(): boolean {
    return this.#subject.outage !== undefined && this.#lives < 5;
  }

  membersOf(group: string): number {
    return this.#members.filter((each) => each.group === group).length;
  }

  async publish(instrument: string, fates: readonly Fate[], isAwaited: boolean): Promise<void> {
    const list = this.#published.get(instrument) ?? [];
    const life = this.#life;
    const all = fates.map((fate) => {
      const published: Published = { instrument, n: list.length + 1, fate, isCertain: false };
      list.push(published);
      const id = `${instrument}${published.n}`;
      const receipt = this.#bus.publish(tickSeen, { instrument, n: published.n }, { id }).then(
        ({ outcome }) => {
          if (life.isOver) return;
          if (outcome === 'published') published.isCertain = true;
          else this.#violate(`${id} was ${outcome}`);
        },
        (error: unknown) => {
          if (!life.isOver) this.#violate(`${id} was refused: ${String(error)}`);
        },
      );
      this.#unsettled.add(receipt);
      void receipt.then(() => this.#unsettled.delete(receipt));
      return receipt;
    });
    if (isAwaited) await Promise.all(all);
  }

  async join(group: string, isElsewhere: boolean): Promise<void> {
    const bus = isElsewhere ? (this.#elsewhere ?? this.#bus) : this.#bus;
    const life = bus === this.#bus ? this.#life : { isOver: false };
    const handler = (event: BusEvent, delivery: DeliveryContext) =>
      this.#handle(group, event, delivery, life);
    const subscription = bus.subscribe(group, '*', handler, RULES);
    this.#members.push({ group, subscription, isElsewhere: bus !== this.#bus, life });
    await subscription.ready;
  }

  async leave(group: string, timeoutMs: number): Promise<void> {
    const member = this.#members.find((each) => each.group === group);
    if (member === undefined) return;
    this.#members = this.#members.filter((each) => each !== member);
    await member.subscription.stop(timeoutMs);
  }

  /** Handlers of the group begin, and do not end until it is released. */
  hold(group: string): void {
    if (this.#holds.has(group)) return;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.#holds.set(group, { opened, open });
  }

  release(group: string): void {
    this.#holds.get(group)?.open();
    this.#holds.delete(group);
  }

  async crash(): Promise<void> {
    const died = this.#life;
    died.isOver = true;
    this.#life = { isOver: false };
    this.#lives += 1;
    this.#members = this.#members.filter(({ isElsewhere }) => isElsewhere);
    this.#running.clear();
    this.#unsettled.clear();
    this.#bus = (await this.#subject.crash?.()) ?? this.#bus;
  }

  async reopen(): Promise<void> {
    if (this.#subject.reopen === undefined) return;
    await Promise.all(this.#unsettled);
    for (const { isElsewhere, group } of [...this.#members]) if (!isElsewhere) this.release(group);
    const own = this.#members.filter(({ isElsewhere }) => !isElsewhere);
    this.#members = this.#members.filter(({ isElsewhere }) => isElsewhere);
    await Promise.all(own.map(({ subscription }) => subscription.stop(5)));
    this.#bus = await this.#subject.reopen();
  }

  async restart(): Promise<void> {
    this.#lives += 1;
    await this.#subject.outage?.();
    await sleep(20);
    await this.#subject.recover?.();
    this.#lives += 1; // until now an attempt may have begun whose acknowledgement did not arrive
  }

  async requeue(group: string): Promise<void> {
    await onceItCan(async () => {
      const letters = await this.#bus.deadLetters.list({ group, limit: 1000 });
      if (letters.length === 0) return;
      this.#wasRequeued = true;
      await this.#bus.deadLetters.requeue(letters.map(({ letterId }) => letterId));
    });
  }

  /** Every event that is kept comes once, in order by key. */
  async replay(): Promise<void> {
    const seen = new Map<string, number[]>();
    const report = await this.#bus.replay(
      '*',
      (event) => {
        const { instrument, n } = event.data as Counted;
        seen.set(instrument, [...(seen.get(instrument) ?? []), n]);
      },
      { from: 'beginning', concurrency: 2 },
    ).done;
    if (!report.complete) this.#violate(`replay: ${JSON.stringify(report)}`);
    for (const [instrument, numbers] of seen) {
      const sorted = [...new Set(numbers)].sort((a, b) => a - b);
      if (numbers.join() !== sorted.join()) this.#violate(`replay of ${instrument}: ${numbers.join(' ')}`);
    }
  }

  /** Mends everything, lets every group come to the end, and says what is wrong. */
  async end(patienceMs: number): Promise<readonly string[]> {
    await Promise.all(this.#unsettled);
    for (const group of GROUPS) this.release(group);
    for (const group of GROUPS) if (this.membersOf(group) === 0) await this.join(group, false);
    const lateMs = performance.now() + patienceMs;
    const isLate = () => performance.now() > lateMs || this.violations.length > 0;
    // First as it is, so that letters are all there; then once more with everything mended.
    while (!isLate() && this.#missing(true).length > 0) await sleep(1);
    this.#isMended = true;
    for (const group of GROUPS) await this.requeue(group);
    while (!isLate() && this.#missing(false).length > 0) {
      await sleep(2);
      for (const group of GROUPS) await this.requeue(group);
    }
    for (const missing of this.#missing(false)) this.#violate(`lost: ${missing}`);
    return this.violations;
  }

  /** What a group has neither handled nor, if that counts, buried. */
  #missing(isBuriedEnough: boolean): readonly string[] {
    return GROUPS.flatMap((group) =>
      [...this.#published.values()].flat().flatMap(({ instrument, n, isCertain }) => {
        const handling = this.#handled.get(`${group} ${instrument}${n}`);
        const isSettled =
          handling?.doneInLife !== undefined || (isBuriedEnough && handling?.isBuried === true);
        return isSettled || !isCertain ? [] : [`${group} ${instrument}${n}`];
      }),
    );
  }

  async #handle(
    group: string,
    event: BusEvent,
    { signal, attempt }: DeliveryContext,
    life: { isOver: boolean },
  ): Promise<unknown> {
    if (life.isOver) return new Promise(() => undefined);
    const { instrument, n } = event.data as Counted;
    const key = `${group} ${instrument}`;
    const published = this.#published.get(instrument)?.[n - 1];
    if (published === undefined) {
      this.#violate(`${key}${n} was never published`);
      return undefined;
    }
    this.#checkOrder(group, published);
    const beganInLife = this.#lives;
    if (this.#running.has(key)) this.#violate(`${key}${n} beside ${this.#running.get(key) ?? ''}`);
    this.#running.set(key, `${n}`);
    try {
      await Promise.race([this.#holds.get(group)?.opened ?? turn(), aborted(signal)]);
      if (life.isOver) return await new Promise(() => undefined);
      return this.#outcome(group, published, { attempt, signal, beganInLife });
    } finally {
      if (!life.isOver) this.#running.delete(key);
    }
  }

  #outcome(
    group: string,
    { instrument, n, fate }: Published,
    { attempt, signal, beganInLife }: { attempt: number; signal: AbortSignal; beganInLife: number },
  ): unknown {
    const name = `${group} ${instrument}${n}`;
    const handling = this.#handlingOf(name);
    if (signal.aborted) throw new Error('aborted');
    if (!this.#isMended) {
      if (fate === 'refused') {
        handling.isBuried = true;
        return deadLetter('refused');
      }
      if (fate === 'poison') {
        if (attempt >= RULES.maxAttempts - SLACK) handling.isBuried = true;
        throw new Error('poison');
      }
      if (handling.failures < fate) {
        handling.failures += 1;
        throw new Error('fails');
      }
    }
    if (handling.doneInLife === beganInLife) this.#violate(`${name} again, though nobody died`);
    handling.doneInLife = beganInLife;
    return undefined;
  }

  /** Before an event come all that were published before it with its key, but for those that went another way. */
  #checkOrder(group: string, { instrument, n }: Published): void {
    if (this.#wasRequeued && this.#handlingOf(`${group} ${instrument}${n}`).isBuried) return; // behind the newest
    for (const before of this.#published.get(instrument) ?? []) {
      if (before.n >= n) return;
      const handling = this.#handlingOf(`${group} ${instrument}${before.n}`);
      if (before.isCertain && handling.doneInLife === undefined && !handling.isBuried) {
        this.#violate(`${group} ${instrument}${n} before ${before.n}`);
      }
    }
  }

  #handlingOf(name: string): Handling {
    const found = this.#handled.get(name);
    if (found !== undefined) return found;
    const handling: Handling = { failures: 0, doneInLife: undefined, isBuried: false };
    this.#handled.set(name, handling);
    return handling;
  }

  #violate(what: string): void {
    this.violations.push(what);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Tries again while the server is away. */
async function onceItCan(work: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'BUS_UNAVAILABLE' || tries > 500) throw error;
      await sleep(10);
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
