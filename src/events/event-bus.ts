import type { BusEvent } from './bus-event.ts';
import type { DeadLetters } from './dead-letter.ts';
import type { EventCatalogue } from './event-catalogue.ts';
import type { EventType } from './event-type.ts';

export interface PublishOptions {
  /**
   * Identity of the event. Published again from the same source within the bus's window it is a duplicate and does not go out
   * again. 1 to 128 visible ASCII characters. Default: a new one.
   */
  readonly id?: string | undefined;
  /** Who says so. Default: that of the bus. */
  readonly source?: string | undefined;
  /** When it happened, wall time in milliseconds. Default: now. */
  readonly atMs?: number | undefined;
  /** Default: as the type says. */
  readonly subject?: string | undefined;
  /** Default: as the type says. */
  readonly key?: string | undefined;
  /** Default: the id the code runs under, if any. */
  readonly correlationId?: string | undefined;
  /**
   * Only into this one (`BusStatus.generation`): rejects with `BUS_UNAVAILABLE`, and nothing is kept, where it would go out into
   * another, or would have to wait on disk. A bus that knows of no generations pays no heed. Default: into any.
   */
  readonly generation?: string | undefined;
}

/** What became of a publication. Only the first means that groups get it already; `spilled` means that they will. */
export type PublishReceipt =
  /** The bus has it, on disk if it is a durable one. */
  | { readonly outcome: 'published'; readonly id: string; readonly position: string }
  /** The bus has had it before. */
  | { readonly outcome: 'duplicate'; readonly id: string }
  /** On this machine's disk, to be delivered in order once the bus can be reached. */
  | { readonly outcome: 'spilled'; readonly id: string }
  /** The policy for a full bus has given it up. Counted. */
  | { readonly outcome: 'dropped'; readonly id: string };

/** What a bus does when it is full: with a group that does not keep up, or a server that cannot be reached. */
export type OverflowPolicy =
  /** `publish` resolves when there is room. */
  | 'block'
  /** The oldest event that waits makes room. */
  | 'drop-oldest'
  /** The new event is not taken. */
  | 'drop-newest'
  /** The new event waits on disk, up to a bound; past that as `block`. */
  | 'spill';

/** Where a group begins that is not there yet, or a replay. */
export type StartPosition =
  | 'new'
  | 'beginning'
  /** With the first event at or after it by the time that the bus took it, wall time in milliseconds. */
  | { readonly timeMs: number }
  /** Behind the event with this position, in its topic; the other topics begin with `new`. */
  | { readonly topic: string; readonly position: string };

export interface SubscribeOptions {
  /** Where the group begins if it is not there yet. Default: `new`. */
  readonly from?: StartPosition;
  /** Handlers at once, each for another key. Default: 1. */
  readonly concurrency?: number;
  /**
   * Events taken and not yet acknowledged. Once those of keys that stand still fill it, other keys wait as well.
   * Default: 1,000.
   */
  readonly maxInFlight?: number;
  /** Attempts before an event goes to the dead letters. Default: 5. */
  readonly maxAttempts?: number;
  /** Longest wait before the second attempt, milliseconds; doubles with each, full jitter. Default: 100. */
  readonly backoffMs?: number;
  /** Longest wait before any attempt, milliseconds. Default: 30,000. */
  readonly maxBackoffMs?: number;
  /**
   * After which an attempt counts as failed and its signal aborts, milliseconds. A handler that does not heed its signal goes on
   * beside the next attempt. Default: 30,000.
   */
  readonly handlerTimeoutMs?: number;
}

/** How an event has come to a handler. */
export interface DeliveryContext {
  readonly group: string;
  readonly topic: string;
  /** Where it stands in its topic: for `from`, and for logs. */
  readonly position: string;
  /** From 1. Above 1 it may have been handled before, in whole or in part. */
  readonly attempt: number;
  /** Aborts when the attempt's time is up, and when the subscription has stopped waiting for it. */
  readonly signal: AbortSignal;
}

/**
 * Handles one event. That it has returned, or its promise resolved, acknowledges the event, unless what it returns is a
 * {@link DeadLetterResult}. What it throws is tried again. It may see an event more than once. The event may be frozen.
 */
export type EventHandler<D = unknown> = (event: BusEvent<D>, delivery: DeliveryContext) => unknown;

/** The events of several types, each with its data. */
export type EventOf<T extends readonly EventType[]> = {
  [K in keyof T]: T[K] extends EventType<infer D> ? D : never;
}[number];

/** One member of a group, at work until it is stopped. */
export interface Subscription extends AsyncDisposable {
  readonly group: string;
  /** Resolves once the group is there: what is published from then on is delivered to it. Rejects when it cannot be made. */
  readonly ready: Promise<void>;
  /**
   * Takes no more events, lets running handlers end within `timeoutMs`, and gives the rest back: another member, or the next
   * start, gets it at once. Default: 10,000. A second call waits for the first, and may shorten it. A handler that awaits it
   * waits for itself, until the time is up.
   */
  stop(timeoutMs?: number): Promise<void>;
}

export interface ReplayOptions extends Omit<SubscribeOptions, 'from'> {
  /** With `new` and no `follow` there is nothing to handle. */
  readonly from: StartPosition;
  /** Goes on with what is published meanwhile, until it is stopped. Default: ends with what is there when it begins. */
  readonly follow?: boolean;
}

/** A replay, through a group of its own that goes when it ends. */
export interface Replay extends AsyncDisposable {
  /** Resolves once it has its place: `new` is what is published from then on. Rejects when it cannot be made. */
  readonly ready: Promise<void>;
  /** Resolves with how many events were handled, once all of them are, or it was stopped. */
  readonly done: Promise<ReplayReport>;
  stop(timeoutMs?: number): Promise<void>;
}

export interface ReplayReport {
  readonly handled: number;
  /** Given up after as many attempts as it takes. They do not go to the dead letters: the live groups have their own. */
  readonly failed: number;
  /** Whether all that was there has been through. Not so either where one that follows was too slow for what memory holds. */
  readonly complete: boolean;
}

/** A group and where it stands in one topic. */
export interface GroupStatus {
  readonly group: string;
  readonly topic: string;
  /** Events that are there and that it has not been given yet. `undefined` where the server cannot say. */
  readonly lag: number | undefined;
  /** Given to it and not yet acknowledged. */
  readonly pending: number;
  readonly deadLetters: number;
  /** Members at work, of all processes. */
  readonly members: number;
}

/** How a bus is: for health checks. */
export interface BusStatus {
  /** Whether events reach the bus now; `false` while they are kept here. */
  readonly connected: boolean;
  /** Events that were taken here and that the bus does not have yet. */
  readonly waiting: number;
  /** Of those, on disk. */
  readonly spilled: number;
  /** Events given up by a policy since the bus was opened, each for every group that should have had it. */
  readonly dropped: number;
  /** Why it is not connected. */
  readonly error?: string | undefined;
  /**
   * Names what holds the events: another one means that it has come back without what it had, so that what was published before
   * and not handled yet is gone. Left out where that cannot happen behind the bus's back, and as long as it is not known.
   */
  readonly generation?: string | undefined;
}

export interface BusCloseReport {
  /** Events that no one has yet: those on disk go out after the next start, the others are lost and counted as dropped. */
  readonly unsent: number;
  readonly spilled: number;
}

/**
 * Events between parts of a system and between processes.
 *
 * Delivery is at least once: an event stays a group's until its handler has returned. Events with one key (`orderingKey`) are
 * handled in the order in which the bus took them, one at a time, also over attempts and restarts, as far as handlers heed their signal;
 * other keys do not wait for them, as long as there is room (`maxInFlight`). Every
 * group gets every event of the types that it names; the members of one group share the work.
 */
export interface EventBus {
  /** What it is called in metrics and logs. */
  readonly name: string;
  readonly catalogue: EventCatalogue;
  /**
   * Checks the data, and takes the event in the order of calls within this tick; a later change of `data` does not matter.
   *
   * Rejects with `INPUT_INVALID` for data that does not follow the schema, `OPTION_INVALID` for a type that is not in the
   * catalogue, and `BUS_CLOSED`; `BUS_UNAVAILABLE` where the medium refused it or there was no room in time, and nothing was
   * kept. A handler that awaits it on a full bus may be what the bus is full of.
   */
  publish<D>(type: EventType<D>, data: NoInfer<D>, options?: PublishOptions): Promise<PublishReceipt>;
  /**
   * Joins a group, which is made where it is not there. All members of a group name the same types.
   *
   * @param group 1 to 64 lower-case letters, digits and hyphens
   * @param types those it gets; `'*'` for all of the catalogue
   * @throws {PortcullisError} `OPTION_INVALID`, `BUS_CLOSED`
   */
  subscribe<const T extends readonly EventType[]>(
    group: string,
    types: T | '*',
    handler: EventHandler<EventOf<T>>,
    options?: SubscribeOptions,
  ): Subscription;
  /**
   * Handles what was published before once more, without touching the place of any group.
   *
   * @throws {PortcullisError} `OPTION_INVALID`, `BUS_CLOSED`
   */
  replay<const T extends readonly EventType[]>(
    types: T | '*',
    handler: EventHandler<EventOf<T>>,
    options: ReplayOptions,
  ): Replay;
  readonly deadLetters: DeadLetters;
  groups(): Promise<readonly GroupStatus[]>;
  /** Forgets a group, its place and its dead letters; nothing waits for it any more. `false` where there was none, or it has members. */
  dropGroup(group: string): Promise<boolean>;
  status(): BusStatus;
  /** Stops all subscriptions, sends or spills what waits, lets go of the medium. At most `timeoutMs`, default 10,000. */
  close(timeoutMs?: number): Promise<BusCloseReport>;
}
