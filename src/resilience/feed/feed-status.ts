/** Why a connection ended or never came to be. */
export type FeedEnd =
  /** The other side closed it, or the network did. */
  | 'closed'
  /** No connection, or no WebSocket at the other end; also when the address may not be asked. */
  | 'connect-failed'
  /** The whole way to an open socket, the url included, took too long. */
  | 'connect-timeout'
  /** The server answered the handshake with a status of 4xx. */
  | 'refused'
  /** No answer to a ping in time. */
  | 'no-pong'
  /** No message on any channel for too long. */
  | 'stale'
  /** Too many frames in a row that could not be decoded. */
  | 'malformed'
  /** The protocol threw where it had to give a url or frames to subscribe with. */
  | 'protocol'
  /** The consumer did not keep up, under the policy `disconnect`. */
  | 'overflow'
  /** It was old enough to be replaced by a new one. */
  | 'age'
  | 'stopped';

/** Where a feed is. Times are wall times in milliseconds. */
export type FeedState =
  | { readonly kind: 'idle' }
  /** `attempt`: 1 for the first since a connection was last good. */
  | { readonly kind: 'connecting'; readonly sinceMs: number; readonly attempt: number }
  | { readonly kind: 'open'; readonly sinceMs: number }
  /** No message for too long. It reconnects at once, so that this is soon followed by `waiting`. */
  | { readonly kind: 'stale'; readonly sinceMs: number }
  /** `untilMs` is Infinity where it waits for the consumer to catch up. */
  | {
      readonly kind: 'waiting';
      readonly untilMs: number;
      readonly attempt: number;
      readonly because: FeedEnd;
      readonly detail: string;
    }
  | { readonly kind: 'stopped' };

/** A hole in a channel, told before the next message after it is delivered. */
export interface FeedGap {
  readonly channel: string;
  /**
   * `sequence`: numbers are missing. `overflow`: the consumer did not keep up, and messages were dropped. `reconnected`: the
   * connection is a new one, and nothing tells what the channel missed: it has no numbers, or has been silent since.
   * `restarted`: the venue counts anew.
   */
  readonly because: 'sequence' | 'overflow' | 'reconnected' | 'restarted';
  /** The first number that is missing; undefined where the channel has none. */
  readonly expected: number | undefined;
  /** The number that came instead; undefined where it is not known yet, or the channel has none. */
  readonly got: number | undefined;
}

/** What a listener is told. */
export type FeedChange =
  | { readonly kind: 'state'; readonly from: FeedState; readonly to: FeedState }
  /** A channel alone has gone quiet, or speaks again. Nothing is done about it. */
  | { readonly kind: 'channel'; readonly channel: string; readonly quiet: boolean }
  /** The venue said no. */
  | { readonly kind: 'refused'; readonly detail: string };

/** Since the feed was made. */
export interface FeedCounts {
  /** Connections that were tried. */
  readonly connects: number;
  /** Connections that stood. */
  readonly opened: number;
  readonly frames: number;
  /** Messages that were received, those of snapshots included. */
  readonly messages: number;
  /** Frames and messages that the protocol could not read. */
  readonly malformed: number;
  /** Messages that were not delivered, as their numbers had been before. */
  readonly duplicates: number;
  /** Messages that were not delivered, as nobody wants their channel; without `subscribe()`, as there are too many channels. */
  readonly unwanted: number;
  /** Messages that were not delivered, as the consumer did not keep up. */
  readonly dropped: number;
  readonly gaps: number;
  readonly snapshots: number;
  readonly refusals: number;
}

export interface FeedChannelStatus {
  readonly channel: string;
  /** Since its last message that was new; undefined before the first. */
  readonly ageMs: number | undefined;
  /** No message for too long, while the connection stands. */
  readonly quiet: boolean;
  /** It has a hole, and its snapshot has not come yet. */
  readonly awaitsSnapshot: boolean;
}

export interface FeedStatus {
  readonly state: FeedState;
  /** Since the last message of any channel that was new and could be read; undefined before the first. */
  readonly lastMessageAgeMs: number | undefined;
  /** Those that are subscribed to. */
  readonly channels: readonly FeedChannelStatus[];
  /** Messages that wait for the consumer. */
  readonly buffered: number;
  readonly counts: FeedCounts;
}
