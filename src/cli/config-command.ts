import { parseArgs } from 'node:util';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import { messageOf } from '../core/message-of.ts';
import { type ConfigIssue, issueText } from '../service/config/config-issue.ts';
import type { ConfigDefinition } from '../service/config/config-options.ts';
import { prefixOf } from '../service/config/environment-names.ts';
import type { ConfigLine } from '../service/config/explain-config.ts';
import { loadConfig } from '../service/config/load-config.ts';
import type { LoadedConfig } from '../service/config/loaded-config.ts';
import type { SecretVault } from '../service/config/secret-reader.ts';
import { type Command, type CommandIo, type Verdict, named } from './command.ts';
import { definitionIn } from './config-definition.ts';
import { imported } from './imported.ts';

const NAME = 'config explain';

const schema = z.strictObject({
  module: named,
  export: named.optional(),
  name: named.optional(),
  profile: named.optional(),
  file: named.optional(),
  'env-file': named.optional(),
  json: z.boolean().default(false),
});

type Options = z.output<typeof schema>;

/** No vault is at hand here: its secrets are taken as there. */
const NO_VAULT: SecretVault = { read: () => Promise.resolve('not looked at') };

/** Says of every value of a service's configuration where it comes from. Runs the module that has the schema. */
export const configExplain: Command = {
  name: NAME,
  about:
    'loads the configuration whose schema, definition or service class a module exports, and says where every value comes from; ends with 1 when it is not valid. Vaults are not asked',
  usage: [
    'MODULE',
    '[--export NAME]',
    '[--name SERVICE]',
    '[--profile PROFILE]',
    '[--file FILE]',
    '[--env-file FILE]',
    '[--json]',
  ],
  operand: 'none',
  async run(args, io) {
    const options = parseInput(NAME, schema, read(args));
    const definition = definitionIn(await imported(options.module), options);
    let loaded: LoadedConfig<unknown>;
    try {
      loaded = await load(definition, options, io);
    } catch (error) {
      if (error instanceof PortcullisError && error.code === 'CONFIG_INVALID')
        return refuse(error, options, io);
      throw error;
    }
    loaded[Symbol.dispose]();
    for (const line of options.json ? [jsonOf(loaded)] : tableOf(loaded)) io.out(line);
    return 'ok';
  },
};

/** @throws {PortcullisError} `INPUT_INVALID` */
function read(args: readonly string[]): Record<string, unknown> {
  const text = { type: 'string' } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        export: text,
        name: text,
        profile: text,
        file: text,
        'env-file': text,
        json: { type: 'boolean' },
      },
      allowPositionals: true,
    });
    const [module, ...more] = positionals;
    if (more.length > 0) throw new Error(`expected one module, got ${positionals.join(' ')}`);
    return { ...values, ...(module !== undefined && { module }) };
  } catch (cause) {
    const message = messageOf(cause).split(/\n|\. /)[0] ?? '';
    throw new PortcullisError('INPUT_INVALID', `${NAME}: ${message}`, { cause });
  }
}

/** As the service would with this environment; what the command line says is stronger than what the module says. */
function load(
  { schema: shape, ...given }: ConfigDefinition,
  { profile, file, 'env-file': envFile }: Options,
  { clock, env = process.env }: CommandIo,
): Promise<LoadedConfig<unknown>> {
  const more = { ...(file !== undefined && { file }), ...(envFile !== undefined && { envFile }) };
  // The environment chooses before the options of a service, and the command line before that.
  const chooser = `${given.envPrefix ?? prefixOf(given.name)}PROFILE`;
  const choice = profile === undefined ? {} : { [chooser]: profile };
  return loadConfig(shape, { ...given, ...more }, { env: { ...env, ...choice }, clock, vault: NO_VAULT });
}

function refuse(error: PortcullisError, { json }: Options, io: CommandIo): Verdict {
  const issues = error.details['issues'] as readonly ConfigIssue[];
  if (json) io.out(JSON.stringify({ issues }, undefined, 2));
  for (const issue of issues) io.err(issueText(issue));
  return 'not-ok';
}

const jsonOf = (loaded: LoadedConfig<unknown>): string =>
  JSON.stringify(
    { profile: loaded.profile ?? null, hash: loaded.hash, lines: loaded.explain() },
    undefined,
    2,
  );

function tableOf(loaded: LoadedConfig<unknown>): readonly string[] {
  const lines = loaded.explain();
  const rows = [['path', 'value', 'source'], ...lines.map(cellsOf)];
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return [
    ...rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')),
    ...lines.flatMap(({ path, warning }) => (warning === undefined ? [] : [`warning: ${path}: ${warning}`])),
    `profile ${loaded.profile ?? '(none)'}, hash ${loaded.hash}`,
  ];
}

const cellsOf = ({ path, value, source, reference }: ConfigLine): string[] => [
  path,
  `${typeof value === 'string' ? value : JSON.stringify(value)}${reference === undefined ? '' : ` ${reference}`}`,
  source,
];
