import { z } from 'zod';
import { subscribeOptionsSchema } from '../subscribe-options.ts';

/** What `replay` takes. */
export const replaySchema = subscribeOptionsSchema.extend({
  from: subscribeOptionsSchema.shape.from.unwrap(),
  follow: z.boolean().default(false),
});
