import type { JsonValue } from '@openfeature/core';
import { PortcullisError } from '../../core/errors.ts';
import { Flag } from './flag.ts';
import type { FlagType } from './flag-definition.ts';
import { FlagSetProvider } from './flag-set-provider.ts';

const PREFIX = 'FLAG_';
const ENV_NAME = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const BOOLEANS = new Map([
  ['true', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['off', false],
  ['0', false],
]);

/**
 * Flags from environment variables, for what stands fixed while a process lives: `FLAG_NEW_ROUTER=true` is the flag
 * `new-router`. The text is read as the type that is asked for: `true`, `on`, `1`, `false`, `off` and `0` for a boolean,
 * a decimal number, JSON for an object, the text itself for a string; another one is a `TYPE_MISMATCH`. An empty
 * variable is none. For flags that a file has as well, put this provider before it in a `MultiProvider`.
 */
export class EnvFlagProvider extends FlagSetProvider {
  readonly #readings: ReadonlyMap<string, Readings>;

  /**
   * @param deps.env the variables, such as `process.env` read by whoever starts the process
   * @throws {PortcullisError} `OPTION_INVALID`, naming a variable with the prefix that names no flag.
   */
  constructor(deps: { readonly env: Readonly<Record<string, string | undefined>> }) {
    const readings = readingsOf(textsIn(deps.env));
    super('environment', new Map([...readings].map(([name, { usual }]) => [name, usual])));
    this.#readings = readings;
  }

  protected override lookUp(name: string, type: FlagType): Flag | undefined {
    return this.#readings.get(name)?.byType.get(type) ?? super.lookUp(name, type);
  }
}

function textsIn(env: Readonly<Record<string, string | undefined>>): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined || text === '') continue;
    const name = variable.slice(PREFIX.length);
    if (!ENV_NAME.test(name) || name.length > 64) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `environment: ${variable}: expected ${PREFIX} and a name in upper case with single underscores, up to 64 characters`,
        { details: { variable } },
      );
    }
    texts.set(name.toLowerCase().replaceAll('_', '-'), text);
  }
  return texts;
}

/** One text, as every type that it can be read as. */
interface Readings {
  readonly byType: ReadonlyMap<FlagType, Flag>;
  /** The narrowest; 0 and 1 are numbers until asked for as booleans. */
  readonly usual: Flag;
}

function readingsOf(texts: ReadonlyMap<string, string>): ReadonlyMap<string, Readings> {
  const readings = new Map<string, Readings>();
  for (const [name, text] of texts) {
    const usual = Flag.parse(name, { type: 'string', default: text });
    const narrower = (['number', 'boolean', 'object'] as const).flatMap(
      (type) => flagAs(name, type, text) ?? [],
    );
    const byType = new Map([usual, ...narrower].map((flag) => [flag.type, flag] as const));
    readings.set(name, { byType, usual: narrower[0] ?? usual });
  }
  return readings;
}

function flagAs(name: string, type: FlagType, text: string): Flag | undefined {
  const value = valueAs(type, text);
  return value === undefined ? undefined : Flag.parse(name, { type, default: value });
}

function valueAs(type: FlagType, text: string): JsonValue | undefined {
  switch (type) {
    case 'boolean':
      return BOOLEANS.get(text.toLowerCase());
    case 'number':
      return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'object':
      return objectIn(text);
    case 'string':
      return text;
  }
}

function objectIn(text: string): JsonValue | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
