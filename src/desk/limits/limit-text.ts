import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { moneyText } from '../../core/money-text.ts';
import type { Units } from '../../core/units.ts';
import type { JsonValue } from '../../storage/json.ts';

/** Limits as they stand in a file or on disk: every default in place, money as text. */
export type LimitText = Readonly<Record<string, JsonValue>>;

type Draft = Record<PropertyKey, unknown>;

/** What of an issue of the schema is looked at. */
interface Issue {
  readonly path: readonly PropertyKey[];
  /** Of the alternatives, where there are some. */
  readonly errors?: readonly (readonly Issue[])[];
}

/**
 * Writes limits so that reading them again gives the same. The schema takes no number for money, so what it complains
 * about in a copy of what it gave is where money stands.
 *
 * @throws {PortcullisError} `OPTION_INVALID` for limits that cannot be written like this
 */
export function limitText<S extends z.ZodType>(limits: z.output<S>, schema: S): LimitText {
  const draft = JSON.parse(JSON.stringify(limits)) as Draft;
  for (const issue of schema.safeParse(draft).error?.issues ?? []) writeMoney(draft, issue);
  if (isDeepStrictEqual(schema.safeParse(draft).data, limits)) return draft as LimitText;
  throw new PortcullisError(
    'OPTION_INVALID',
    'limits: expected ones that can be written as JSON and read again',
  );
}

function writeMoney(draft: Draft, { path, errors = [] }: Issue, under: readonly PropertyKey[] = []): void {
  const whole = [...under, ...path];
  const last = whole.at(-1);
  let parent = draft;
  for (const key of whole.slice(0, -1)) parent = parent[key] as Draft;
  if (last !== undefined && typeof parent[last] === 'number') parent[last] = moneyText(parent[last] as Units);
  for (const issue of errors.flat()) writeMoney(draft, issue, whole);
}
