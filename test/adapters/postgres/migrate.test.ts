import { describe, expect, test } from 'vitest';
import { MIGRATIONS } from '../../../src/adapters/postgres/migrations/index.ts';

describe('MIGRATIONS', () => {
  test('are numbered from 1 without gaps, and named apart', () => {
    expect(MIGRATIONS.map(({ id }) => id)).toEqual(MIGRATIONS.map((_, at) => at + 1));
    expect(new Set(MIGRATIONS.map(({ name }) => name)).size).toBe(MIGRATIONS.length);
  });

  test('make nothing outside of the schema', () => {
    for (const { sql } of MIGRATIONS) {
      const made = [...sql.matchAll(/CREATE\s+(?:TABLE|FUNCTION|SEQUENCE|TYPE|VIEW)\s+(\S+)/g)].map(
        ([, name]) => name,
      );
      expect(made.filter((name) => name?.startsWith('$schema.') !== true)).toEqual([]);
    }
  });
});
