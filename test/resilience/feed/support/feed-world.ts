import { expect } from 'vitest';
import { ManualClock } from '../../../../src/core/index.ts';
import {
  type FeedChange,
  type FeedGap,
  type FeedProtocol,
  ResilientFeed,
  type ResilientFeedDeps,
  type ResilientFeedOptions,
} from '../../../../src/resilience/index.ts';
import { nextTurn } from '../../../../src/core/clock.ts';
import { type Logger, MetricsRegistry } from '../../../../src/telemetry/index.ts';
import { ScriptedSocket } from './scripted-sockets.ts';

export const START_MS = 1_700_000_000_000;

/** A message: channel, number, and the last number where it covers several. Without a number its channel has none. */
export interface Message {
  readonly c: string;
  readonly n?: number;
  readonly last?: number;
  readonly is?: string;
}

/** Frames are JSON: `{ messages }`, `{ reply }`, `{ refused }`, `{ closing }`, or something else that is malformed. */
const protocolOf = (overrides: Partial<FeedProtocol<Message>> = {}): FeedProtocol<Message> => ({
  url: () => 'wss://venue.example/stream',
  subscribe: (channels) => [`subscribe ${channels.join(',')}`],
  unsubscribe: (channels) => [`unsubscribe ${channels.join(',')}`],
  decode: (frame) => {
    const said = JSON.parse(String(frame)) as Record<string, unknown>;
    if ('messages' in said) return { kind: 'messages', messages: said['messages'] as readonly Message[] };
    if ('refused' in said) return { kind: 'refused', detail: String(said['refused']) };
    if ('closing' in said) return { kind: 'closing' };
    if ('control' in said) return { kind: 'control' };
    if ('reply' in said) return { kind: 'control', reply: String(said['reply']) };
    throw new Error('no frame of this venue');
  },
  channelOf: ({ c }) => c,
  sequenceOf: ({ c, n, last }) => (n === undefined ? undefined : { channel: c, first: n, last: last ?? n }),
  ...overrides,
});

export interface LogLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A feed on scripted sockets and a manual clock. */
export class FeedWorld {
  readonly clock = new ManualClock(START_MS);
  readonly sockets: ScriptedSocket[] = [];
  readonly gaps: FeedGap[] = [];
  readonly changes: FeedChange[] = [];
  readonly lines: LogLine[] = [];
  readonly metrics = new MetricsRegistry();
  /** What the feed draws. */
  random = 0.5;
  readonly feed: ResilientFeed<Message>;

  constructor(
    options: Partial<ResilientFeedOptions> = {},
    protocol: Partial<FeedProtocol<Message>> = {},
    deps: Partial<ResilientFeedDeps<Message>> = {},
  ) {
    this.feed = new ResilientFeed(
      { source: 'venue', heartbeat: false, staleAfterMs: false, channelStaleAfterMs: false, ...options },
      {
        protocol: protocolOf(protocol),
        clock: this.clock,
        random: () => this.random,
        metrics: this.metrics,
        logger: this.#logger(),
        onGap: (gap) => this.gaps.push(gap),
        onChange: (change) => this.changes.push(change),
        connect: (url, listener) => {
          const socket = new ScriptedSocket(url, listener);
          this.sockets.push(socket);
          return socket;
        },
        ...deps,
      },
    );
  }

  /** The latest. */
  get socket(): ScriptedSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('the feed has not connected yet');
    return socket;
  }

  get state(): string {
    return this.feed.status().state.kind;
  }

  /** The states that were told, in order. */
  get states(): readonly string[] {
    return this.changes.flatMap((change) => (change.kind === 'state' ? [change.to.kind] : []));
  }

  /** Wants these channels, connects, and opens the socket. */
  async open(...channels: readonly string[]): Promise<ScriptedSocket> {
    this.feed.subscribe(...channels);
    this.feed.start();
    await settle();
    return this.socket.open();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settle();
  }

  /** Waits until the feed tries again, and opens the new socket. */
  async reopen(): Promise<ScriptedSocket> {
    const before = this.sockets.length;
    await this.advance(this.clock.nextDueMs - this.clock.nowMs());
    expect(this.sockets.length).toBe(before + 1);
    return this.socket.open();
  }

  /** All that waits for the consumer. */
  async taken(): Promise<Message[]> {
    const messages: Message[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const batch of this.feed.batches(stop.signal)) messages.push(...batch);
    })();
    await settle();
    stop.abort();
    await reading;
    return messages;
  }

  #logger(): Logger {
    const line = (fields: unknown, message?: string): void => {
      this.lines.push({ message: message ?? String(fields), fields: fields as LogLine['fields'] });
    };
    const logger: Logger = {
      debug: line,
      info: line,
      warn: line,
      error: line,
      child: () => logger,
      flush: () => {},
    };
    return logger;
  }
}

/** Lets everything that is ready go first. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await nextTurn();
}

/** Consecutive numbers of a channel. */
export const numbered = (c: string, from: number, to: number): Message[] =>
  Array.from({ length: to - from + 1 }, (_, at) => ({ c, n: from + at }));
