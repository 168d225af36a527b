import type { EventBus, OverflowPolicy } from '../../events/event-bus.ts';

/**
 * One bus under test, in real time. Each case gets a fresh one that knows the types of `contractCatalogue` and whose source
 * is `/contract`: no events, no groups.
 */
export interface EventBusUnderTest {
  readonly bus: EventBus;
  /**
   * Another bus object on the same medium, as a second process would have it: its source is `/contract` too. Left out where
   * a medium has one bus.
   */
  readonly connect?: () => Promise<EventBus>;
  /** Closes `bus`, or what took its place, in an orderly way and opens it anew. Left out where nothing outlives a bus. */
  readonly reopen?: () => Promise<EventBus>;
  /**
   * The process of `bus`, or of what took its place, dies without closing anything: whatever it does from now on reaches
   * nobody. Opens it anew. Left out where nothing outlives a bus.
   */
  readonly crash?: () => Promise<EventBus>;
  /** From now on the medium cannot be reached; what it keeps stays. Left out where it always can. */
  readonly outage?: () => Promise<void>;
  /** The medium can be reached again. */
  readonly recover?: () => Promise<void>;
  /**
   * A bus on a medium of its own, with this policy, that is full with `room` events: of those that no group has handled, or
   * of those that wait for a server that cannot be reached. Left out where nothing is ever full.
   */
  readonly openFull?: (policy: OverflowPolicy, room: number) => Promise<FullBusUnderTest>;
  /** Policies that `openFull` knows. Default: none. */
  readonly policies?: readonly OverflowPolicy[];
  /** The entries of a topic, oldest first, as they are kept: CloudEvents in JSON. Left out where nothing is kept as text. */
  readonly readRaw?: (topic: string) => Promise<readonly string[]>;
  /**
   * Puts an entry behind the newest of a topic that no bus of ours has written. Cases ask for it when nobody has subscribed.
   * Resolves with the bus from then on, for a medium that has to be let go of meanwhile. Left out where nobody can.
   */
  readonly writeRaw?: (topic: string, text: string) => Promise<EventBus>;
  /** How long a case waits for something to happen, milliseconds. Default: 10,000. */
  readonly patienceMs?: number;
  /** How long a case waits for something not to happen, milliseconds. Default: 50. */
  readonly quietMs?: number;
  /** Closes every bus of the case and cleans up. */
  dispose(): Promise<void>;
}

/** A bus that is made to be full. */
export interface FullBusUnderTest {
  readonly bus: EventBus;
  /** As in `EventBusUnderTest`; left out where a group that does not keep up is what fills it. */
  readonly outage?: () => Promise<void>;
  readonly recover?: () => Promise<void>;
}
