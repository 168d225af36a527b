import { z } from 'zod';

const text = z.string().min(1);

const startPosition = z.union([
  z.literal(['new', 'beginning']),
  z.strictObject({ timeMs: z.number().min(0) }),
  z.strictObject({ topic: text, position: text }),
]);

/** What `subscribe` takes. What the fields mean stands at `SubscribeOptions`. */
export const subscribeOptionsSchema = z.strictObject({
  from: startPosition.default('new'),
  concurrency: z.int().min(1).max(10_000).default(1),
  maxInFlight: z.int().min(1).max(1_000_000).default(1000),
  maxAttempts: z.int().min(1).max(1_000_000).default(5),
  backoffMs: z.number().min(0).max(86_400_000).default(100),
  maxBackoffMs: z.number().min(0).max(86_400_000).default(30_000),
  handlerTimeoutMs: z.number().min(1).max(86_400_000).default(30_000),
});

/** How a member of a group works. */
export type MemberRules = z.output<typeof subscribeOptionsSchema>;

/** What a group may be called. */
export const groupNameSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'expected 1 to 64 lower-case letters, digits and hyphens');
