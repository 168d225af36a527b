import { z } from 'zod';
import { type ConfigTree, isPlain } from './config-tree.ts';

const tree = z.custom<ConfigTree>(isPlain, 'expected an object');
const path = z.string().min(1, 'expected a path');

export const optionsSchema = z.strictObject({
  /** Of the service; the prefix of its variables is made from it. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then letters, digits and -'),
  defaults: tree.optional(),
  profile: z.string().min(1).optional(),
  profiles: z.record(z.string().min(1), tree).default({}),
  file: path.optional(),
  envFile: path.optional(),
  envPrefix: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*_$/, 'expected upper-case letters, digits and _, with _ at the end')
    .optional(),
  otherPrefixes: z.array(z.string().min(1)).default([]),
  aliases: z.record(z.string().min(1), z.string().min(1)).default({}),
  overrides: tree.optional(),
  secretPollMs: z.number().min(100).max(86_400_000).default(30_000),
  secretTimeoutMs: z.number().positive().max(600_000).default(10_000),
});

/** Some of the fields, at any depth. */
export type PartialConfig<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: PartialConfig<T[K]> | undefined }
    : T;

/** Where a configuration comes from. */
export interface ConfigOptions<S extends z.ZodObject = z.ZodObject> {
  /** Of the service. The prefix of its environment variables is made from it: `quotes` is `QUOTES_`. */
  readonly name: string;
  /** What the service says itself, over the defaults of the schema. */
  readonly defaults?: PartialConfig<z.input<S>>;
  /** `light`, `heavy` or one of `profiles`. `<PREFIX>PROFILE` in the environment is stronger. Default: none. */
  readonly profile?: string;
  /** Own profiles by name. One that is called `light` or `heavy` lies over the built-in one. */
  readonly profiles?: Readonly<Record<string, PartialConfig<z.input<S>>>>;
  /** Path of a JSON file, which must be there. Default: none. */
  readonly file?: string;
  /** Path of a `.env` file, which must be there. Default: none. */
  readonly envFile?: string;
  /** Upper case, with `_` at the end. Default: made from the name. */
  readonly envPrefix?: string;
  /** Of variables that belong to others although they begin as ours do: `ORDER_GATEWAY_` for the service `order`. */
  readonly otherPrefixes?: readonly string[];
  /** Further names of variables, each with the path of its field: `{ PORT: 'service.port' }`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Stronger than everything else. */
  readonly overrides?: PartialConfig<z.input<S>>;
  /** How often secrets in files, and in vaults that cannot be watched, are looked at: 100 to 86,400,000. Default 30,000. */
  readonly secretPollMs?: number;
  /** For one look at one secret: more than 0, at most 600,000. Default 10,000. */
  readonly secretTimeoutMs?: number;
}

/** A configuration as a module exports it, for `loadConfig` and for `portcullis config explain`. */
export interface ConfigDefinition<S extends z.ZodObject = z.ZodObject> extends ConfigOptions<S> {
  readonly schema: S;
}
