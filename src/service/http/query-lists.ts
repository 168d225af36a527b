import type { z } from 'zod';
import { bare, defOf, shapeOf } from '../config/schema-walk.ts';

type Query = Readonly<Record<string, unknown>>;

/**
 * What a query cannot say by itself: that a key which came once, or not at all, is a list. Gives what turns a parsed query into
 * what the schema takes: one value for a list is a list of one, and a list that must be there is empty without any.
 */
export function queryLists(schema: z.ZodType): (query: unknown) => unknown {
  const lists = Object.entries(shapeOf(schema) ?? {}).filter(
    ([, field]) => defOf(bare(field).schema).type === 'array',
  );
  const required = new Set(lists.filter(([, field]) => defOf(field).type === 'array').map(([key]) => key));
  return (given) => {
    const query = { ...(given as Query) };
    for (const [key] of lists) {
      const value = query[key];
      if (typeof value === 'string') query[key] = [value];
      else if (value === undefined && required.has(key)) query[key] = [];
    }
    return query;
  };
}
