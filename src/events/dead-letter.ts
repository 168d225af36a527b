/** Why a group could not handle an event. */
export type DeadReason =
  /** The type is not in the catalogue. */
  | 'UNKNOWN_TYPE'
  /** The type is, in another version that cannot be read. */
  | 'UNKNOWN_VERSION'
  /** Not a CloudEvent in JSON, or its data does not follow its schema. */
  | 'INVALID'
  /** The handler has failed as often as it may. */
  | 'ATTEMPTS_EXHAUSTED'
  /** Every process that handled it has died meanwhile. */
  | 'CRASHED'
  /** The handler has said so. */
  | 'REFUSED';

/** An event that a group could not handle. */
export interface DeadLetter {
  /** Of the letter: for `requeue` and `discard`. */
  readonly letterId: string;
  readonly group: string;
  readonly topic: string;
  /** Of the event in its topic. */
  readonly position: string;
  readonly reason: DeadReason;
  /** What the last attempt threw, or what is wrong with the event. */
  readonly detail: string;
  readonly attempts: number;
  readonly atMs: number;
  /** As it stands in the topic: CloudEvents in JSON, where it is that. */
  readonly text: string;
}

export interface DeadLetterFilter {
  readonly group?: string | undefined;
  readonly topic?: string | undefined;
  /** At most, oldest first. 1 to 1,000. Default: 100. */
  readonly limit?: number | undefined;
  /** Behind the letter with this id. */
  readonly after?: string | undefined;
}

export interface DeadLetters {
  list(filter?: DeadLetterFilter): Promise<readonly DeadLetter[]>;
  /**
   * Puts the events of letters behind the newest of their topics, for their group only, with all attempts before them again.
   *
   * @returns the ids of those that were there
   */
  requeue(letterIds: readonly string[]): Promise<readonly string[]>;
  /** Removes letters for good; the ids of those that were there. */
  discard(letterIds: readonly string[]): Promise<readonly string[]>;
}

/** The same in every copy of this package that a process has loaded. */
const DEAD = Symbol.for('portcullis.dead-letter');

/** What a handler says of an event that it will never be able to handle; made by {@link deadLetter}, whatever else looks like it. */
export interface DeadLetterResult {
  readonly outcome: 'dead';
  readonly reason: string;
}

/** For a handler to return: the event goes to the dead letters at once, without further attempts. */
export const deadLetter = (reason: string): DeadLetterResult =>
  Object.defineProperty({ outcome: 'dead', reason }, DEAD, { value: true });

/** Whether a handler has returned a `deadLetter`. */
export const isDeadLetter = (value: unknown): value is DeadLetterResult =>
  typeof value === 'object' && value !== null && DEAD in value;
