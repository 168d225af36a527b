import { z } from 'zod';

const maxWaiting = z.int().min(1).max(10_000_000).default(10_000);
const blockTimeoutMs = z.int().min(0).max(3_600_000).default(5_000);

/**
 * What happens to events that the server does not take as fast as they come, or at all.
 *
 * `maxWaiting`: events in memory, those under way among them. Default 10,000. `blockTimeoutMs`: how long `publish` waits for
 * room before it rejects with `BUS_UNAVAILABLE` and keeps nothing. Default 5,000. `maxSpilled`: events on disk, at least
 * `maxWaiting`. Default 1,000,000.
 */
export const overflowSchema = z.discriminatedUnion('policy', [
  z.strictObject({ policy: z.literal('block'), maxWaiting, blockTimeoutMs }),
  z.strictObject({ policy: z.literal('drop-oldest'), maxWaiting }),
  z.strictObject({ policy: z.literal('drop-newest'), maxWaiting }),
  z
    .strictObject({
      policy: z.literal('spill'),
      maxWaiting,
      blockTimeoutMs,
      maxSpilled: z.int().min(1).max(1_000_000_000).default(1_000_000),
    })
    .refine((spill) => spill.maxSpilled >= spill.maxWaiting, {
      path: ['maxSpilled'],
      message: 'expected maxWaiting or more, so that all that is in memory can go to disk',
    }),
]);

export type Overflow = z.output<typeof overflowSchema>;
