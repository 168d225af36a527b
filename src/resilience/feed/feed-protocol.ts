/** What a frame says, once decoded. */
export type FeedFrame<M> =
  /** Messages for the consumer, in order. */
  | { readonly kind: 'messages'; readonly messages: readonly M[] }
  /** A pong, an acknowledgement, a question: nothing for the consumer. `reply` is sent back. */
  | { readonly kind: 'control'; readonly reply?: string | undefined }
  /** The venue says no, such as to a channel it does not have. Told and counted; nothing is sent again before the next connection. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** The venue is about to cut the connection: it is replaced by a new one before that. */
  | { readonly kind: 'closing' };

/** Numbers of a channel that a message covers, both ends included. */
export interface SequenceRange {
  readonly channel: string;
  readonly first: number;
  readonly last: number;
}

/**
 * What a venue says and wants to hear on its socket. No function needs to be careful: what throws is counted and logged,
 * and never ends the feed. Names of channels are the same everywhere: in `subscribe`, `channelOf`, `sequenceOf` and `snapshot`.
 */
export interface FeedProtocol<M> {
  /**
   * Where to connect: `ws:` or `wss:`. Asked before every connection, so that it may carry a fresh token. It is never logged.
   *
   * @param signal aborts when the connection takes too long or the feed stops
   */
  url(signal: AbortSignal): string | Promise<string>;
  /** The frames that ask for these channels. All of the feed's after every connection, and those that are new at any time. */
  subscribe(channels: readonly string[]): readonly string[];
  /** The frames that end these channels. Without it they are ignored until the next connection. */
  unsubscribe?(channels: readonly string[]): readonly string[];
  /**
   * @param frame text as a string, binary as bytes that are the protocol's to keep
   * @param receivedMs when it came, wall time in milliseconds
   */
  decode(frame: string | Uint8Array, receivedMs: number): FeedFrame<M>;
  /** The venue's own ping, where it wants one. Any frame that comes afterwards answers it. */
  ping?(): string;
  /** The channel of a message. Default: that of `sequenceOf`, else `''`. */
  channelOf?(message: M): string | undefined;
  /** The numbers of a message; undefined where its channel has none. Whole numbers that go up by 1. */
  sequenceOf?(message: M): SequenceRange | undefined;
  /** Whether numbers go on from one connection to the next (`channel`, the default) or start anew with each (`connection`). */
  readonly sequenceScope?: 'channel' | 'connection';
  /**
   * The present state of a channel, as messages for the consumer: asked for when a numbered channel begins and after each
   * gap. One that ends before the gap does, by `sequenceOf`, is asked for again. A channel without one answers with none.
   */
  snapshot?(channel: string, signal: AbortSignal): Promise<readonly M[]>;
}
