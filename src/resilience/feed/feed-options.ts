import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';
import { type FeedSocketOptions, feedSocketSettings } from './socket-options.ts';

const ms = z.number().int().min(1).max(2_147_483_647);

/**
 * What becomes of a message that the buffer has no room for. `drop-oldest` and `drop-newest` say it. `latest-by-channel`:
 * from then on each channel keeps its latest, until the consumer takes them. `disconnect`: the connection is closed, and
 * made again when the consumer has taken everything. Whatever is dropped is told as a gap of its channel.
 */
export const OVERFLOW_POLICIES = ['drop-oldest', 'drop-newest', 'latest-by-channel', 'disconnect'] as const;

export type OverflowPolicy = (typeof OVERFLOW_POLICIES)[number];

const heartbeat = z.strictObject({
  /** Between two pings. Default 15 seconds. */
  intervalMs: ms.default(15_000),
  /** How long an answer may take before the connection is cut. Default 10 seconds. */
  pongTimeoutMs: ms.default(10_000),
  /** Whether WebSocket pings are sent, each of which must be answered by a pong; beside the protocol's own. Default true. */
  webSocketPing: z.boolean().default(true),
});

const reconnect = z.strictObject({
  /** The most that the first wait may be; it doubles with each attempt, and a random part of it is waited. Default 500. */
  baseDelayMs: ms.default(500),
  /** Default 30 seconds. */
  maxDelayMs: ms.default(30_000),
  /** The attempts start anew after a connection that had messages and stood for so long. Default 60 seconds. */
  goodAfterMs: ms.default(60_000),
  /** Connections that may be tried within the window, whatever the reason. Default 5. */
  maxConnects: z.number().int().min(1).max(1_000).default(5),
  /** Default 30 seconds. That makes 50 in 5 minutes; Binance allows 300 for each address. */
  connectWindowMs: ms.default(30_000),
  /** How long a numbered channel may be silent after a reconnection; then it may have missed its last messages, which is told. Default 3 seconds. */
  silentAfterMs: ms.default(3_000),
  /** The longest that a `Retry-After` of the server is heeded for. Default 10 minutes. */
  maxRetryAfterMs: ms.default(600_000),
});

const buffer = z.strictObject({
  /** Messages that may wait for the consumer. Default 10,000. */
  maxMessages: z.number().int().min(1).max(10_000_000).default(10_000),
  /** Default `drop-oldest`: a consumer that was held up gets what is fresh. */
  overflow: z.enum(OVERFLOW_POLICIES).default('drop-oldest'),
});

const snapshots = z.strictObject({
  /** For one answer. Default 10 seconds. */
  timeoutMs: ms.default(10_000),
  /** How many channels are asked for at once. Default 4. */
  maxConcurrent: z.number().int().min(1).max(1_000).default(4),
  /** The most that the wait after a first failure may be; doubles, and a random part of it is waited. Default 500. */
  baseDelayMs: ms.default(500),
  /** Default 30 seconds. */
  maxDelayMs: ms.default(30_000),
});

export const feedOptionsSchema = z.strictObject({
  /** Its name in metrics, logs and errors. */
  source: idSchema,
  /** The whole way to an open connection, the url included. Default 10 seconds. */
  connectTimeoutMs: ms.default(10_000),
  /** For an orderly close; then the socket is cut. Default 1 second. */
  closeTimeoutMs: ms.default(1_000),
  /** Default: a ping each 15 seconds. */
  heartbeat: z.union([heartbeat, z.literal(false)]).prefault({}),
  /**
   * No message on any channel for so long: a new connection is made. What cannot be read, came before, or is of a channel that
   * nobody wants is no message here, nor is a pong. Not while all channels were given up by `unsubscribe()`; on a feed without
   * any `subscribe()` too, as its url may name the streams. False for feeds that may be silent. Default 30 seconds.
   */
  staleAfterMs: z.union([ms, z.literal(false)]).default(30_000),
  /** No message on one channel for so long: it is told, within a tenth of the time. Default 60 seconds. */
  channelStaleAfterMs: z.union([ms, z.literal(false)]).default(60_000),
  /** A connection is replaced at this age, up to a tenth earlier, as venues cut them after 24 hours. Default 23 hours. */
  maxConnectionAgeMs: z.union([ms, z.literal(false)]).default(82_800_000),
  /** So many frames in a row that cannot be decoded end the connection. Default 20. */
  maxMalformedInRow: z.number().int().min(1).max(1_000_000).default(20),
  /** So many old numbers in a row, each following the one before, mean that the venue counts anew. Default 100. */
  restartAfterDuplicates: z.number().int().min(2).max(1_000_000).default(100),
  reconnect: reconnect.prefault({}),
  buffer: buffer.prefault({}),
  snapshots: snapshots.prefault({}),
  // It holds secrets, which the message about a bad option would show: it is judged apart.
  socket: z
    .custom<FeedSocketOptions>()
    .optional()
    .transform((given = {}) => feedSocketSettings(given)),
});

/** @interface */
export type ResilientFeedOptions = z.input<typeof feedOptionsSchema>;

export type FeedSettings = z.output<typeof feedOptionsSchema>;
