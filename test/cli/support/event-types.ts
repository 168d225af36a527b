import { z } from 'zod';
import { EventCatalogue, eventType } from '../../../src/events/index.ts';

/** For the `--catalogue` of commands, which import this file. */
export const NOTED = eventType({ type: 'note.taken', schema: z.strictObject({ n: z.int() }) });
export const RUNG = eventType({
  type: 'bell.rung',
  schema: z.strictObject({ n: z.int() }),
  subject: () => 'tower',
});

export const catalogue = new EventCatalogue([NOTED, RUNG]);
