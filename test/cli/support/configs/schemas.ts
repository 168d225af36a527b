import { z } from 'zod';

export const first = z.strictObject({ a: z.string().default('x') });
export const second = { schema: z.strictObject({ b: z.string().default('y') }), name: 'two', oops: 1 };
export const neither = { config: 7 };
export default first;
