import { z } from 'zod';
import { subscribeOptionsSchema } from '../subscribe-options.ts';

/** What `replay` takes. */
export const replaySchema = subscribeOptionsSchema.extend({
  from: subscribeOptionsSchema.shape.from
    .unwrap()
    .refine((from) => from !== 'new', 'expected where to begin: beginning, a time or a position'),
  follow: z.boolean().default(false),
});
