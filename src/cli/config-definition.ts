import type { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import type { ConfigDefinition } from '../service/config/config-options.ts';

type Exports = Readonly<Record<string, unknown>>;

/**
 * Finds the configuration that a module exports: a schema, a definition (`{ schema, name, ... }`), or a service class with
 * either as its static `config`. Without a name it is the default export, else the only one that is any of these.
 *
 * @throws {PortcullisError} `INPUT_INVALID` when there is none, more than one, or no name of the service
 */
export function definitionIn(
  exports: Exports,
  asked: {
    readonly module: string;
    readonly export?: string | undefined;
    readonly name?: string | undefined;
  },
): ConfigDefinition {
  const found = chosen(exports, asked.module, asked.export);
  const name = asked.name ?? found.name;
  if (name !== undefined) return { ...found, name };
  throw invalid(`${asked.module} does not say the name of the service: add --name SERVICE`);
}

type Unnamed = Omit<ConfigDefinition, 'name'> & { readonly name?: string };

function chosen(exports: Exports, module: string, name: string | undefined): Unnamed {
  if (name !== undefined) {
    const asked = Object.hasOwn(exports, name) ? configOf(exports[name]) : undefined;
    if (asked !== undefined) return asked;
    throw invalid(`${module} exports no ${name} that is a configuration`);
  }
  const byDefault = configOf(exports['default']);
  if (byDefault !== undefined) return byDefault;
  const all = Object.entries(exports).flatMap(([key, value]) => {
    const config = configOf(value);
    return config === undefined ? [] : [{ key, config }];
  });
  const [only, ...more] = all;
  if (only !== undefined && more.length === 0) return only.config;
  const names = all.map(({ key }) => key).join(', ');
  throw invalid(
    only === undefined
      ? `${module}: expected an export that is a schema, a definition, or a class with a static config`
      : `${module} exports several configurations: choose with --export from ${names}`,
  );
}

function configOf(value: unknown): Unnamed | undefined {
  const own = schemaOrDefinition(value);
  if (own !== undefined) return own;
  return isObject(value) && 'config' in value ? schemaOrDefinition(value.config) : undefined;
}

function schemaOrDefinition(value: unknown): Unnamed | undefined {
  if (isSchema(value)) return { schema: value };
  const isDefinition = isObject(value) && 'schema' in value && isSchema(value.schema);
  return isDefinition ? (value as unknown as Unnamed) : undefined;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** By its form, since the module may bring a zod of its own. */
function isSchema(value: unknown): value is z.ZodObject {
  if (!isObject(value) || !('_zod' in value)) return false;
  const { def } = value._zod as { readonly def?: { readonly type?: unknown } };
  return def?.type === 'object';
}

const invalid = (message: string): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `config explain: ${message}`);
