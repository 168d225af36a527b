import type { FeedEnd } from './feed-status.ts';

/** How a socket ended. */
export interface FeedSocketEnd {
  readonly because: Extract<FeedEnd, 'closed' | 'connect-failed' | 'refused'>;
  /** For people; never the url. */
  readonly detail: string;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
}

/** Whom a socket tells. */
export interface FeedSocketListener {
  opened(): void;
  /** Text as a string, binary as bytes. */
  frame(data: string | Uint8Array): void;
  pong(): void;
  /** Once, and nothing after it. */
  ended(end: FeedSocketEnd): void;
}

/** One socket. None of its functions throws. */
export interface FeedSocket {
  send(frame: string): void;
  /** Frames that were given to `send` and are still held back, as by a limit of the venue. Default none. */
  readonly unsent?: number | undefined;
  ping(): void;
  /** Begins an orderly close; `ended` follows. */
  close(): void;
  /** Cuts it; `ended` follows. */
  terminate(): void;
}

/**
 * Opens a socket. It may throw for a url that is none, and must tell its listener nothing before it has returned.
 */
export type FeedConnect = (url: string, listener: FeedSocketListener) => FeedSocket;
