import type { ConfigIssue } from './config-issue.ts';
import { pathText } from './config-fields.ts';
import type { ConfigLayers } from './config-layer.ts';
import { isPlain } from './config-tree.ts';
import { DEFAULT_SOURCE } from './explain-config.ts';
import { Secret, putText, referenceOf } from './secret.ts';
import type { SecretReader } from './secret-reader.ts';
import type { HeldSecret } from './secret-watch.ts';
import { messageOf } from '../../core/message-of.ts';

/** The secrets of a configuration, read for the first time. */
export interface ReadSecrets {
  readonly held: readonly HeldSecret[];
  readonly issues: readonly ConfigIssue[];
  /** By path of the secret. */
  readonly warnings: ReadonlyMap<string, string>;
}

export async function readSecrets(
  value: unknown,
  reader: SecretReader,
  layers: ConfigLayers,
  signal: AbortSignal,
): Promise<ReadSecrets> {
  const held: HeldSecret[] = [];
  const issues: ConfigIssue[] = [];
  const warnings = new Map<string, string>();
  const read = async ({ secret, path }: Found): Promise<void> => {
    const reference = referenceOf(secret);
    if (reference === undefined) return;
    const field = pathText(path);
    held.push({ path: field, secret });
    try {
      const { text, warning } = await reader.read(reference, signal);
      putText(secret, text);
      if (warning !== undefined) warnings.set(field, warning);
    } catch (error) {
      const source = layers.sourceOf(path) ?? DEFAULT_SOURCE;
      issues.push({ field, expected: `expected a secret that can be read: ${messageOf(error)}`, source });
    }
  };
  await Promise.all(secretsIn(value, []).map(read));
  return { held, issues, warnings };
}

interface Found {
  readonly path: readonly string[];
  readonly secret: Secret;
}

function secretsIn(value: unknown, path: readonly string[]): readonly Found[] {
  if (value instanceof Secret) return [{ path, secret: value }];
  return membersOf(value).flatMap(([name, member]) => secretsIn(member, [...path, name]));
}

function membersOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (isPlain(value) || Array.isArray(value)) return Object.entries(value);
  if (value instanceof Map) return [...value].map(([name, member]) => [String(name), member]);
  return value instanceof Set ? [...value].map((member, at) => [String(at), member]) : [];
}
