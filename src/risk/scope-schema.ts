import { z } from 'zod';

/** A scope as it stands in options and on disk. */
export const scopeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('firm') }),
  z.strictObject({ kind: z.enum(['venue', 'account', 'strategy', 'instrument']), id: z.string() }),
]);

/** What trading can be restricted to. */
export const restrictedSchema = z.enum(['reducing', 'halted']);
