import { PortcullisError } from '../../core/errors.ts';
import { type ConfigField, pathText } from './config-fields.ts';

/** Every environment variable that a service takes, with the field it is. */
export interface EnvironmentNames {
  /** All of ours begin so: `QUOTES_`. */
  readonly prefix: string;
  /** The one that chooses the profile. */
  readonly profile: string;
  readonly fields: ReadonlyMap<string, ConfigField>;
}

/** `quotes` is `QUOTES_`, `order-gateway` is `ORDER_GATEWAY_`. */
export const prefixOf = (serviceName: string): string => `${upperSnake(serviceName)}_`;

/** `QUOTES_` and `http.requestTimeoutMs` are `QUOTES_HTTP__REQUEST_TIMEOUT_MS`. */
export const environmentName = (prefix: string, path: readonly string[]): string =>
  prefix + path.map(upperSnake).join('__');

/** `requestTimeoutMs` is `REQUEST_TIMEOUT_MS`, `maxRSSBytes` is `MAX_RSS_BYTES`. */
const upperSnake = (segment: string): string =>
  segment
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();

/**
 * @param aliases further names, each with the path of its field: `{ PORT: 'service.port' }`
 * @throws {PortcullisError} `OPTION_INVALID` when one name would be two fields, or an alias names none
 */
export function environmentNames(
  prefix: string,
  fields: readonly ConfigField[],
  aliases: Readonly<Record<string, string>> = {},
): EnvironmentNames {
  const names = new Map<string, ConfigField>();
  const profile = `${prefix}PROFILE`;
  const add = (name: string, field: ConfigField): void => {
    const other = name === profile ? 'the profile' : names.get(name);
    if (other === undefined) {
      names.set(name, field);
      return;
    }
    const what = typeof other === 'string' ? other : pathText(other.path);
    throw invalid(`${pathText(field.path)} and ${what} would both be ${name} in the environment`);
  };
  for (const field of fields) add(environmentName(prefix, field.path), field);
  for (const [name, path] of Object.entries(aliases)) {
    const field = fields.find((one) => pathText(one.path) === path);
    if (field === undefined) throw invalid(`alias ${name}: expected the path of a field, got ${path}`);
    add(name, field);
  }
  return { prefix, profile, fields: names };
}

const invalid = (message: string): PortcullisError =>
  new PortcullisError('OPTION_INVALID', `loadConfig: ${message}`);
