import type { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { NODE_FILES, filesOf } from './config-files.ts';
import { checkSchema } from './check-schema.ts';
import { collectLayers } from './collect-layers.ts';
import { fieldsOf } from './config-fields.ts';
import { configInvalid } from './config-issue.ts';
import { type ConfigOptions, optionsSchema } from './config-options.ts';
import { frozen } from './config-tree.ts';
import { environmentNames, prefixOf } from './environment-names.ts';
import { explainConfig } from './explain-config.ts';
import { readSecrets } from './held-secrets.ts';
import { type LoadedConfig, WatchedConfig } from './loaded-config.ts';
import { SecretReader, type SecretVault } from './secret-reader.ts';
import { SecretWatch } from './secret-watch.ts';

export interface ConfigDeps {
  /** The environment, such as `process.env`. Read once. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Default: the files of the machine. With one of your own, permissions are not looked at. */
  readonly readFile?: (path: string) => Promise<string>;
  /** Needed for secrets that are written `vault:reference`. */
  readonly vault?: SecretVault;
  /** Told when a secret could not be read again, or a listener of its rotation failed. */
  readonly onError?: (error: PortcullisError) => void;
  /** Ends the waiting for secrets. What is loaded goes on until it is disposed. */
  readonly signal?: AbortSignal;
}

/**
 * Loads the configuration of a service. Layers, weakest first: defaults of the schema, `defaults`, profile, file, `.env`
 * file, environment, `overrides`. Objects are put together by field, lists and scalars replace.
 *
 * @param schema a `z.strictObject`, of such objects if it is nested
 * @throws {PortcullisError} `CONFIG_INVALID` with every issue, each with field, value, what was expected and where it stands;
 *   `OPTION_INVALID` for what the program itself has wrong: options, aliases, a schema that takes unknown fields
 */
export async function loadConfig<S extends z.ZodObject>(
  schema: S,
  options: ConfigOptions<S>,
  deps: ConfigDeps,
): Promise<LoadedConfig<z.output<S>>> {
  const parsed = parseOptions(
    'loadConfig',
    optionsSchema,
    options as unknown as z.input<typeof optionsSchema>,
  );
  const files = deps.readFile === undefined ? NODE_FILES : filesOf(deps.readFile);
  const fields = fieldsOf(schema);
  const names = environmentNames(parsed.envPrefix ?? prefixOf(parsed.name), fields, parsed.aliases);
  const found = await collectLayers(schema, fields, names, parsed, deps.env, files);
  const { layers } = found;

  const checked = found.isWhole ? await checkSchema(schema, layers, names.prefix, found.issues) : undefined;
  const issues = [...found.issues, ...(checked?.issues ?? [])];
  if (issues.length > 0 || checked === undefined) throw configInvalid(parsed.name, issues);

  const reader = new SecretReader({
    variables: found.variables,
    files,
    vault: deps.vault,
    clock: deps.clock,
    timeoutMs: parsed.secretTimeoutMs,
  });
  const secrets = await readSecrets(
    checked.value,
    reader,
    layers,
    deps.signal ?? new AbortController().signal,
  );
  if (secrets.issues.length > 0) throw configInvalid(parsed.name, secrets.issues);
  const watch = new SecretWatch(secrets.held, {
    clock: deps.clock,
    reader,
    vault: deps.vault,
    onError: (error) => deps.onError?.(error),
  });
  const value = frozen(checked.value) as z.output<S>;
  const loaded = new WatchedConfig(
    value,
    found.profile,
    frozen(explainConfig(value, schema, layers, secrets.warnings)),
    watch,
  );
  watch.start(parsed.secretPollMs);
  return loaded;
}
