import { z } from 'zod';
import { ManualClock, PortcullisError } from '../../../../src/core/index.ts';
import {
  type ConfigDeps,
  type ConfigIssue,
  type ConfigOptions,
  type LoadedConfig,
  loadConfig,
} from '../../../../src/service/index.ts';

/** Files by path; what is not here cannot be read. */
type Files = Readonly<Record<string, string>>;

const readFrom =
  (files: Files) =>
  (path: string): Promise<string> => {
    const text = files[path];
    if (text !== undefined) return Promise.resolve(text);
    return Promise.reject(Object.assign(new Error(`ENOENT: no such file ${path}`), { code: 'ENOENT' }));
  };

export interface Given<S extends z.ZodObject> extends Partial<Omit<ConfigOptions<S>, never>> {
  readonly env?: ConfigDeps['env'];
  readonly files?: Files;
  readonly deps?: Partial<ConfigDeps>;
}

/** Loads for the service `quotes`, without any file of the machine. */
export function load<S extends z.ZodObject>(
  schema: S,
  { env = {}, files = {}, deps = {}, ...options }: Given<S> = {},
): Promise<LoadedConfig<z.output<S>>> {
  const all = { name: 'quotes', ...options } as ConfigOptions<S>;
  return loadConfig(schema, all, { env, clock: new ManualClock(), readFile: readFrom(files), ...deps });
}

/** What was wrong; fails when nothing was. */
export async function refused(loading: Promise<unknown>): Promise<PortcullisError> {
  try {
    await loading;
  } catch (error) {
    if (error instanceof PortcullisError) return error;
    throw error;
  }
  throw new Error('expected the configuration to be refused');
}

export const issuesOf = async (loading: Promise<unknown>): Promise<readonly ConfigIssue[]> =>
  (await refused(loading)).details['issues'] as readonly ConfigIssue[];

/** A small service. */
export const schema = z.strictObject({
  region: z.string().default('here'),
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(0),
      requestTimeoutMs: z.number().positive().default(1_000),
    })
    .prefault({}),
  symbols: z.array(z.string()).default([]),
});
