import { type Clock, parseOptions } from 'portcullis/core';
import { z } from 'zod';
import type { Notice, Severity } from './notice.ts';

const schema = z.strictObject({
  /** What comes again within it is counted, not told again. */
  windowMs: z.number().min(1).default(60_000),
  /** How many are remembered; the oldest goes first. */
  remembered: z.int().min(1).default(1_000),
  /** Of how many events it is known that they were there: one that the bus delivers again is not counted again. */
  knownEvents: z.int().min(1).default(10_000),
});

/** @interface */
export type NotificationsOptions = z.input<typeof schema>;

/** What people were told, and how often it was. */
export interface Notification extends Notice {
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface NotificationsDeps {
  readonly clock: Clock;
  /** Gets what is to be told: the first of a window at once, and at its end how often it was, if more than once. */
  readonly tell: (notification: Notification) => void;
}

/** Tells people what happens, the same thing once for each window; remembers the last ones. */
export class Notifications implements Disposable {
  readonly #options: z.output<typeof schema>;
  readonly #deps: NotificationsDeps;
  /** Those whose window is open, by what they are about. */
  readonly #open = new Map<string, { current: Notification; readonly timer: Disposable }>();
  /** Ids of events, the oldest first. */
  readonly #known = new Set<string>();
  /** The newest last; those that are open are looked up. */
  #last: { readonly key: string; notification: Notification }[] = [];

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: NotificationsOptions, deps: NotificationsDeps) {
    this.#options = parseOptions('Notifications', schema, options);
    this.#deps = deps;
  }

  /**
   * @param eventId of the event that says so; one that was there does nothing
   * @param atMs when it happened, wall time
   */
  add(eventId: string, notice: Notice, atMs: number): void {
    if (this.#isKnown(eventId)) return;
    const key = JSON.stringify([notice.type, notice.subject, notice.code, notice.severity]);
    const open = this.#open.get(key);
    if (open !== undefined) {
      const { count, firstMs, lastMs } = open.current;
      open.current = { ...notice, count: count + 1, firstMs, lastMs: Math.max(lastMs, atMs) };
      this.#remember(key, open.current);
      return;
    }
    const first = { ...notice, count: 1, firstMs: atMs, lastMs: atMs };
    const timer = this.#deps.clock.deadline(this.#options.windowMs, () => {
      this.#close(key);
    });
    this.#open.set(key, { current: first, timer });
    this.#last.push({ key, notification: first });
    if (this.#last.length > this.#options.remembered) this.#last.shift();
    this.#deps.tell(first);
  }

  /** The newest first. */
  last(limit: number, severity?: Severity): readonly Notification[] {
    const all = this.#last.map(({ notification }) => notification).reverse();
    return all.filter((one) => severity === undefined || one.severity === severity).slice(0, limit);
  }

  /** Ends all windows: what was counted is told. */
  [Symbol.dispose](): void {
    for (const key of [...this.#open.keys()]) this.#close(key);
  }

  #close(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    open.timer[Symbol.dispose]();
    if (open.current.count > 1) this.#deps.tell(open.current);
  }

  #isKnown(eventId: string): boolean {
    if (this.#known.has(eventId)) return true;
    this.#known.add(eventId);
    for (const oldest of this.#known) {
      if (this.#known.size <= this.#options.knownEvents) break;
      this.#known.delete(oldest);
    }
    return false;
  }

  #remember(key: string, notification: Notification): void {
    const entry = this.#last.findLast((one) => one.key === key);
    if (entry !== undefined) entry.notification = notification;
  }
}
