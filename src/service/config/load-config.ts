import type { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { type ConfigFiles, NODE_FILES, filesOf } from './config-files.ts';
import { type ConfigField, fieldsOf } from './config-fields.ts';
import { type ConfigIssue, configInvalid } from './config-issue.ts';
import { type ConfigLayer, ConfigLayers } from './config-layer.ts';
import { type ConfigOptions, optionsSchema } from './config-options.ts';
import { type ConfigTree, frozen, isPlain } from './config-tree.ts';
import { type Variables, environmentLayer, misspelt } from './environment-layer.ts';
import { type EnvironmentNames, environmentNames, prefixOf } from './environment-names.ts';
import { DEFAULT_SOURCE, explainConfig } from './explain-config.ts';
import { envFileVariables, fileLayer } from './file-layers.ts';
import { readSecrets } from './held-secrets.ts';
import { LoadedConfig } from './loaded-config.ts';
import { profileLayer } from './profiles.ts';
import { objectDefaults } from './schema-defaults.ts';
import { schemaIssues } from './schema-issues.ts';
import { SecretReader, type SecretVault } from './secret-reader.ts';
import { secretReference } from './secret-reference.ts';
import { SecretWatch } from './secret-watch.ts';

export interface ConfigDeps {
  /** The environment, such as `process.env`. Read once. */
  readonly env: Variables;
  readonly clock: Clock;
  /** Default: the files of the machine. With one of your own, permissions are not looked at. */
  readonly readFile?: (path: string) => Promise<string>;
  /** Needed for secrets that are written `vault:reference`. */
  readonly vault?: SecretVault;
  /** Told when a secret could not be read again, or a listener of its rotation failed. */
  readonly onError?: (error: PortcullisError) => void;
  /** Ends the reading of secrets, and the watching afterwards stays as it is. */
  readonly signal?: AbortSignal;
}

type Options = z.output<typeof optionsSchema>;

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
  const parsed = parseOptions('loadConfig', optionsSchema, options as z.input<typeof optionsSchema>);
  const files = deps.readFile === undefined ? NODE_FILES : filesOf(deps.readFile);
  const fields = fieldsOf(schema);
  const names = environmentNames(parsed.envPrefix ?? prefixOf(parsed.name), fields, parsed.aliases);
  const found = await collect(schema, fields, names, parsed, deps.env, files);
  const { layers } = found;

  const checked = found.isWhole ? await check(schema, layers, names.prefix, found.issues) : undefined;
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
  const loaded = new LoadedConfig(
    value,
    found.profile,
    frozen(explainConfig(value, schema, layers, secrets.warnings)),
    watch,
  );
  watch.start(parsed.secretPollMs);
  return loaded;
}

interface Collected {
  readonly layers: ConfigLayers;
  readonly issues: readonly ConfigIssue[];
  /** Whether every layer could be read, so that what is missing is missing indeed. */
  readonly isWhole: boolean;
  readonly profile: string | undefined;
  readonly variables: Variables;
}

async function collect(
  schema: z.ZodObject,
  fields: readonly ConfigField[],
  names: EnvironmentNames,
  options: Options,
  env: Variables,
  files: ConfigFiles,
): Promise<Collected> {
  const { profile: profileOption, profiles, otherPrefixes, defaults = {}, overrides = {} } = options;
  const file = await fileLayer(options.file, files);
  const envFile = await envFileVariables(options.envFile, files);
  const fromFile = 'content' in envFile ? envFile.content : {};
  const whereFile = `file ${options.envFile ?? ''}`;
  const lower = environmentLayer(fromFile, whereFile, names, schema, otherPrefixes);
  const upper = environmentLayer(env, 'environment', names, schema, otherPrefixes);

  const [profile, chosenBy] =
    env[names.profile] !== undefined
      ? [env[names.profile], `environment ${names.profile}`]
      : fromFile[names.profile] !== undefined
        ? [fromFile[names.profile], `${whereFile} ${names.profile}`]
        : [profileOption, 'option profile'];
  const chosen = profile === undefined ? undefined : profileLayer(profile, chosenBy, profiles, schema);

  const parts: ConfigLayer[] = [
    layer(defaults, 'defaults of the service'),
    ...(chosen !== undefined && 'layer' in chosen ? [chosen.layer] : []),
    ...('content' in file ? [file.content] : []),
    lower,
    upper,
    layer(overrides, 'overrides'),
  ];
  const named = new ConfigLayers(parts, schema).merged;
  const below = objectDefaults(fields, named).map((tree) => layer(tree as ConfigTree, DEFAULT_SOURCE));
  const unreadable = [file, envFile, chosen].flatMap((one) =>
    one !== undefined && 'issue' in one ? [one.issue] : [],
  );
  const referenced = variablesOfSecrets(named);
  const unknown = [
    ...lower.unknown.map((name) => ({ name, where: whereFile })),
    ...upper.unknown.map((name) => ({ name, where: 'environment' })),
  ].filter(({ name }) => !referenced.has(name));
  return {
    layers: new ConfigLayers([...below, ...parts], schema),
    issues: [
      ...unreadable,
      ...lower.issues,
      ...upper.issues,
      ...unknown.map(({ name, where }) => misspelt(name, where, names)),
    ],
    isWhole: unreadable.length === 0,
    profile,
    variables: { ...fromFile, ...env },
  };
}

const layer = (tree: ConfigTree, source: string): ConfigLayer => ({ tree, sourceOf: () => source });

/** Variables that hold secrets: they are no fields, whatever their prefix. */
function variablesOfSecrets(value: unknown): ReadonlySet<string> {
  if (Array.isArray(value)) return new Set(value.flatMap((item) => [...variablesOfSecrets(item)]));
  if (isPlain(value)) return variablesOfSecrets(Object.values(value));
  const reference = typeof value === 'string' ? secretReference(value) : undefined;
  return new Set(reference?.kind === 'env' ? [reference.name] : []);
}

async function check(
  schema: z.ZodObject,
  layers: ConfigLayers,
  prefix: string,
  known: readonly ConfigIssue[],
): Promise<{ readonly value: unknown; readonly issues: readonly ConfigIssue[] }> {
  try {
    const result = await schema.safeParseAsync(layers.merged);
    if (result.success) return { value: result.data, issues: [] };
    const issues = schemaIssues(result.error.issues, schema, layers, prefix);
    // What could not be read from a text is not missing as well.
    return {
      value: undefined,
      issues: issues.filter(({ field }) => !known.some((one) => one.field === field)),
    };
  } catch (error) {
    // Its message may hold values that nobody has looked at.
    const what = error instanceof Error ? error.name : typeof error;
    const expected = `expected a schema that does not throw, but it threw ${what}`;
    return { value: undefined, issues: [{ field: '(whole)', expected, source: 'the schema' }] };
  }
}
