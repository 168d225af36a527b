import { z } from 'zod';

/** What is kept for replays, of each topic. Never removed before every group has it, but for the policy of a full bus. */
const retention = {
  /** At most so many events. Default: 1,000 in memory, where each one kept costs the publisher time, and 100,000 on disk. */
  keepEvents: z.int().min(0).max(100_000_000).optional(),
  /** None older than this. Default: no limit. */
  keepMs: z.number().positive().optional(),
};

const overflow = z
  .strictObject({
    policy: z.enum(['block', 'drop-oldest', 'drop-newest', 'spill']).default('block'),
    /** Events of a topic that the slowest group has not handled yet. */
    maxUnhandled: z.int().min(1).max(100_000_000).default(100_000),
    /**
     * How long `publish` waits for room, with `block` and `spill`; past it, it rejects with `BUS_UNAVAILABLE` and says which group
     * it has waited for. A handler that awaits `publish` while its own group is what fills the topic waits in vain: shorter
     * than `handlerTimeoutMs`, so that it hears of it.
     */
    blockTimeoutMs: z.number().min(1).max(3_600_000).default(5000),
    /** As `maxUnhandled` with `spill`, most of them on disk; past it as `block`. */
    maxSpilled: z.int().min(1).default(10_000_000),
  })
  .prefault({});

export const embeddedSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected 1 to 64 lower-case letters, digits and hyphens')
    .default('events'),
  /** Who says so, where a publisher does not name itself. Default: a slash and the name. */
  source: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 visible ASCII characters without blanks')
    .optional(),
  ...retention,
  overflow,
  /** Events of a topic among which an id that a caller gave counts once; 0 for none. */
  dedupeEvents: z.int().min(0).max(10_000_000).default(100_000),
  /** Dead letters of all groups; past it the oldest goes, and is counted as lost. */
  keepLetters: z.int().min(1).max(1_000_000).default(10_000),
  /** How often a durable bus saves where its groups are. What was handled since then is handled again after a crash. */
  cursorEveryMs: z.number().min(1).max(60_000).default(100),
});

/** @interface */
export type EmbeddedEventBusOptions = z.input<typeof embeddedSchema>;
export type EmbeddedRules = z.output<typeof embeddedSchema> & { readonly keepEvents: number };
