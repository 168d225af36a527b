import { z } from 'zod';

/** Bounds of the HTTP side, each far above what a well-meaning client needs. */
export const httpLimits = z.strictObject({
  /** Larger bodies are answered with 413. */
  maxBodyBytes: z.int().min(1024).max(1_073_741_824).default(1_048_576),
  /** All headers together; more is answered with 431. */
  maxHeaderBytes: z.int().min(1024).max(1_048_576).default(16_384),
  /** Longer URLs are answered with 414. */
  maxUrlLength: z.int().min(64).max(1_048_576).default(4096),
  /** For the whole request to arrive; slower ones are answered with 408. */
  requestTimeoutMs: z.int().min(1000).max(600_000).default(30_000),
  /** For its headers. */
  headersTimeoutMs: z.int().min(1000).max(600_000).default(10_000),
  /** How long an answer that is pending may make no progress, for a client that does not read it: then the connection is cut. */
  answerTimeoutMs: z.int().min(1000).max(600_000).default(60_000),
  /** How long an idle connection is kept: longer than the load balancer in front keeps it (60 s, 75 s), so that it is the one to close. */
  keepAliveTimeoutMs: z.int().min(0).max(600_000).default(80_000),
  /** Further connections are refused. */
  maxConnections: z.int().min(1).max(1_000_000).default(10_000),
  /** Requests at the same time; further ones are answered with 503 and `Retry-After`. */
  maxInFlight: z.int().min(1).max(1_000_000).default(1000),
  /** Mean delay of the event loop over half a second; while it is above, requests are answered with 503. */
  maxEventLoopDelayMs: z.number().positive().max(60_000).default(1000),
});

export type HttpLimits = z.output<typeof httpLimits>;
