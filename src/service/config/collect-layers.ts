import type { z } from 'zod';
import type { ConfigFiles } from './config-files.ts';
import type { ConfigField } from './config-fields.ts';
import type { ConfigIssue } from './config-issue.ts';
import { type ConfigLayer, ConfigLayers } from './config-layer.ts';
import type { optionsSchema } from './config-options.ts';
import { type ConfigTree, isPlain } from './config-tree.ts';
import { type Variables, environmentLayer, misspelt } from './environment-layer.ts';
import type { EnvironmentNames } from './environment-names.ts';
import { DEFAULT_SOURCE } from './explain-config.ts';
import { envFileVariables, fileLayer } from './file-layers.ts';
import { profileLayer } from './profiles.ts';
import { objectDefaults } from './schema-defaults.ts';
import { secretReference } from './secret-reference.ts';

/** Every layer, before the schema has looked at them. */
export interface CollectedLayers {
  readonly layers: ConfigLayers;
  readonly issues: readonly ConfigIssue[];
  /** Whether every layer could be read, so that what is missing is missing indeed. */
  readonly isWhole: boolean;
  readonly profile: string | undefined;
  readonly variables: Variables;
}

/** Reads the layers, and finds what is wrong with them whatever the schema takes. */
export async function collectLayers(
  schema: z.ZodObject,
  fields: readonly ConfigField[],
  names: EnvironmentNames,
  options: z.output<typeof optionsSchema>,
  env: Variables,
  files: ConfigFiles,
): Promise<CollectedLayers> {
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
