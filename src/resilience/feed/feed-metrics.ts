import type { BoundCounter, MetricsRegistry } from '../../telemetry/index.ts';
import type { FeedCounts, FeedEnd, FeedGap, FeedState } from './feed-status.ts';

const STATES = [
  'idle',
  'connecting',
  'open',
  'stale',
  'waiting',
  'stopped',
] as const satisfies readonly FeedState['kind'][];

const ENDS = [
  'closed',
  'connect-failed',
  'connect-timeout',
  'refused',
  'no-pong',
  'stale',
  'malformed',
  'protocol',
  'overflow',
  'age',
  'stopped',
] as const satisfies readonly FeedEnd[];

const GAPS = [
  'sequence',
  'overflow',
  'reconnected',
  'restarted',
] as const satisfies readonly FeedGap['because'][];

const STATE = {
  name: 'trading_feed_state',
  help: '1 for the state that a feed is in, 0 for the others.',
  labels: { source: 'any', state: STATES },
} as const;

const ENDED = {
  name: 'trading_feed_connections_ended_total',
  help: 'Connections of a feed that ended or never came to be, by the reason.',
  labels: { source: 'any', because: ENDS },
} as const;

const GAPS_TOLD = {
  name: 'trading_feed_gaps_total',
  help: 'Holes in the channels of a feed that its consumer was told of, by the reason.',
  labels: { source: 'any', because: GAPS },
} as const;

const COUNTERS = [
  ['connects', 'trading_feed_connects_total', 'Connections that a feed tried.'],
  ['frames', 'trading_feed_frames_total', 'Frames that a feed received.'],
  ['messages', 'trading_feed_messages_total', 'Messages that a feed received.'],
  ['malformed', 'trading_feed_malformed_total', 'Frames and messages of a feed that could not be read.'],
  ['duplicates', 'trading_feed_duplicates_total', 'Messages of a feed that had come before.'],
  [
    'unwanted',
    'trading_feed_unwanted_total',
    'Messages of channels that nobody wants, which a feed left out.',
  ],
  [
    'dropped',
    'trading_feed_dropped_messages_total',
    'Messages that a feed dropped, as its consumer did not keep up.',
  ],
  ['snapshots', 'trading_feed_snapshots_total', 'Snapshots that a feed fetched to close a gap, or to begin.'],
  ['refusals', 'trading_feed_refusals_total', 'Frames by which a venue refused something to a feed.'],
] as const satisfies readonly (readonly [keyof FeedCounts, string, string])[];

const LAST_MESSAGE = {
  name: 'trading_feed_last_message_timestamp_seconds',
  help: 'When a feed last received a message, seconds since the Unix epoch; 0 for never.',
  labels: ['source'],
} as const;

const BUFFERED = {
  name: 'trading_feed_buffered_messages',
  help: 'Messages of a feed that wait for their consumer.',
  labels: ['source'],
} as const;

const QUIET = {
  name: 'trading_feed_quiet_channels',
  help: 'Channels of a feed that have had no message for too long, while others had.',
  labels: ['source'],
} as const;

/** What is read at a scrape. */
export interface FeedReading {
  readonly counts: FeedCounts;
  /** Wall time; 0 for never. */
  readonly lastMessageMs: number;
  readonly buffered: number;
  readonly quietChannels: number;
}

/** A feed in metrics, until disposed. A frame costs nothing here: counts are read at the scrape. */
export class FeedMetrics implements Disposable {
  readonly #source: string;
  readonly #read: () => FeedReading;
  readonly #state;
  readonly #ended;
  readonly #gaps;
  readonly #counters: readonly {
    readonly name: keyof FeedCounts;
    readonly counter: BoundCounter;
    taken: number;
  }[];
  readonly #lastMessage;
  readonly #buffered;
  readonly #quiet;
  readonly #collecting: Disposable;

  constructor(source: string, metrics: MetricsRegistry, read: () => FeedReading) {
    this.#source = source;
    this.#read = read;
    this.#state = metrics.gauge(STATE);
    this.#ended = metrics.counter(ENDED);
    this.#ended.expect({ source });
    this.#gaps = metrics.counter(GAPS_TOLD);
    this.#gaps.expect({ source });
    this.#counters = COUNTERS.map(([name, metric, help]) => ({
      name,
      counter: metrics.counter({ name: metric, help, labels: ['source'] } as const).bind({ source }),
      taken: 0,
    }));
    this.#lastMessage = metrics.timestamp(LAST_MESSAGE);
    this.#buffered = metrics.gauge(BUFFERED).bind({ source });
    this.#quiet = metrics.gauge(QUIET).bind({ source });
    this.state('idle');
    this.#collecting = metrics.collector(() => {
      this.#collect();
    });
  }

  state(now: FeedState['kind']): void {
    for (const state of STATES) this.#state.set({ source: this.#source, state }, state === now ? 1 : 0);
  }

  ended(because: FeedEnd): void {
    this.#ended.inc({ source: this.#source, because });
  }

  gap(because: FeedGap['because']): void {
    this.#gaps.inc({ source: this.#source, because });
  }

  /** Reads a last time. Nobody counts afterwards what the consumer still takes. */
  [Symbol.dispose](): void {
    this.#collect();
    this.#buffered.set(0);
    this.#quiet.set(0);
    this.#collecting[Symbol.dispose]();
  }

  #collect(): void {
    const { counts, lastMessageMs, buffered, quietChannels } = this.#read();
    for (const entry of this.#counters) {
      entry.counter.inc(counts[entry.name] - entry.taken);
      entry.taken = counts[entry.name];
    }
    this.#lastMessage.set({ source: this.#source }, lastMessageMs);
    this.#buffered.set(buffered);
    this.#quiet.set(quietChannels);
  }
}
