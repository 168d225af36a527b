import type { FeedSocket, FeedSocketEnd, FeedSocketListener } from '../../../../src/resilience/index.ts';

/** One socket whose other end is the test. */
export class ScriptedSocket implements FeedSocket {
  readonly url: string;
  readonly sent: string[] = [];
  pings = 0;
  /** Frames that it says it holds back. */
  unsent = 0;
  isOpen = false;
  isClosing = false;
  isTerminated = false;
  isEnded = false;
  /** Whether the other end takes part in an orderly close. */
  answersClose = true;
  readonly #listener: FeedSocketListener;

  constructor(url: string, listener: FeedSocketListener) {
    this.url = url;
    this.#listener = listener;
  }

  send(frame: string): void {
    this.sent.push(frame);
  }

  ping(): void {
    this.pings += 1;
  }

  close(): void {
    this.isClosing = true;
    if (this.answersClose) this.end();
  }

  terminate(): void {
    this.isTerminated = true;
    this.end();
  }

  /** The handshake is through. */
  open(): this {
    this.isOpen = true;
    this.#listener.opened();
    return this;
  }

  /** A frame of text comes. */
  frame(text: string | Uint8Array): void {
    this.#listener.frame(text);
  }

  /** A frame with these messages comes. */
  messages(...messages: readonly unknown[]): void {
    this.frame(JSON.stringify({ messages }));
  }

  pong(): void {
    this.#listener.pong();
  }

  end(end: FeedSocketEnd = { because: 'closed', detail: 'closed with code 1006' }): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.isOpen = false;
    this.#listener.ended(end);
  }
}
