import { z } from 'zod';

/** What a log or a store may be called: it becomes part of a file name on every system. */
export const storageName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected 1 to 64 lower-case letters, digits and hyphens, a letter first');
