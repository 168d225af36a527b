import type { BusEvent, DeadLetter, DeadLetterFilter, StartPosition } from '../events/index.ts';

/** What is read of a bus. */
export interface EventQuery {
  /** Names of types. Default: all that are known. */
  readonly types?: readonly string[] | undefined;
  readonly topic?: string | undefined;
  readonly from: StartPosition;
  /** Goes on with what is published meanwhile, until the signal aborts. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** Gets each event, and where it stands: a position in its topic, or what the service takes in its place. */
export type OnEvent = (event: BusEvent, position: string) => void;

/** A change by a person, who says why. */
export interface LetterChange {
  readonly verb: 'requeue' | 'discard';
  readonly letterIds: readonly string[];
  readonly by: string;
  readonly reason: string;
}

/** What a command is going to do with a bus. */
export type Access = 'read' | 'change';

/** A bus that a command looks at: in a data directory, on a Redis server, or behind an event service. */
export interface EventSource {
  /** Whether anything may be published while the command looks. */
  readonly isLive: boolean;
  /** @returns how many events could not be read, for what they are or because it ended early */
  read(query: EventQuery, onEvent: OnEvent): Promise<number>;
  letters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]>;
  /** Records the change where there is an audit log, then makes it. @returns the ids of those that were there */
  change(change: LetterChange): Promise<readonly string[]>;
  close(): Promise<void>;
}
