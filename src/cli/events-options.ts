import { parseArgs } from 'node:util';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { parseInput } from '../core/options.ts';
import { type Command, type CommandIo, type Verdict, named } from './command.ts';

/** Several names with commas between. */
export const list = named
  .transform((text) => text.split(',').map((each) => each.trim()))
  .refine((names) => !names.includes(''), 'expected names with a comma between, got an empty one')
  .transform((names) => [...new Set(names)]);

/** In digits: what reads as a number in another way is rather a slip. */
export const whole = (most = 999_999_999) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'expected a whole number')
    .transform(Number)
    .refine((value) => value >= 1, 'expected 1 or more')
    .refine((value) => value <= most, `expected ${most} or less`);

/** Where the bus is, for all commands about events. */
export const sourceOptions = {
  source: named,
  /** Module that exports the catalogue. Default: `TRADING_EVENTS`. */
  catalogue: named.optional(),
  /** Of an embedded bus: its name, what the names of its logs begin with before the topic, and the state store beside them. */
  bus: named.default('events'),
  logs: z.string().default(''),
  store: named.default('state'),
  audit: named.default('audit'),
  /** Of a bus on Redis. */
  prefix: named.default('portcullis'),
  partitions: whole().default(1),
  format: z.enum(['json', 'text'], 'expected json or text').default('json'),
};

const SOURCE_USAGE = [
  '[--format json|text]',
  '[--catalogue MODULE]',
  '[--bus NAME]',
  '[--logs PREFIX]',
  '[--store NAME]',
  '[--prefix PREFIX]',
  '[--partitions N]',
];

export type SourceOptions = z.output<z.ZodObject<typeof sourceOptions>>;

/** Puts a command together whose operand is a bus: every option takes a value. */
export const eventsCommand = <S extends z.ZodObject>(parts: {
  readonly name: string;
  readonly about: string;
  readonly usage: readonly string[];
  readonly options: S;
  run(options: z.output<S>, io: CommandIo): Promise<Verdict>;
}): Command => ({
  name: parts.name,
  about: parts.about,
  usage: [...parts.usage, ...SOURCE_USAGE],
  operand: 'SOURCE',
  run: (args, io) => {
    const values = read(parts.name, Object.keys(parts.options.shape), args);
    return parts.run(parseInput(parts.name, parts.options, values), io);
  },
});

/** @throws {PortcullisError} `INPUT_INVALID` */
function read(name: string, options: readonly string[], args: readonly string[]): Record<string, unknown> {
  const written = options.filter((option) => option !== 'source');
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(written.map((option) => [option, { type: 'string' } as const])),
      allowPositionals: true,
    });
    const [source, ...more] = positionals;
    if (more.length > 0) throw new Error(`expected one source, got ${positionals.length}`);
    return { ...values, ...(source !== undefined && { source }) };
  } catch (cause) {
    const message = messageOf(cause).split(/\n|\. /)[0] ?? '';
    const known = message.includes('Unknown option')
      ? `, expected one of ${written.map((option) => `--${option}`).join(' ')}`
      : '';
    throw new PortcullisError('INPUT_INVALID', `${name}: ${message}${known}`, { cause });
  }
}
