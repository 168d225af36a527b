import type { ConfigField } from './config-fields.ts';
import { isPlain, treeOf, valueAt } from './config-tree.ts';
import { type Schema, defOf, isSecretSchema, shapeOf } from './schema-walk.ts';

/** What the schema itself gives where no layer names a value; `undefined` without a default. */
export function defaultOf(schema: Schema): unknown {
  let current: Schema | undefined = schema;
  while (current !== undefined && !isSecretSchema(current)) {
    const def = defOf(current) as { readonly innerType?: Schema; readonly defaultValue?: unknown };
    if ('defaultValue' in def) return def.defaultValue;
    current = def.innerType;
  }
  return undefined;
}

/**
 * Defaults of whole objects (`z.strictObject({...}).default({...})`) of which a layer names a part: they are merged into it
 * as every other layer is, where zod would take the one or the other.
 */
export function objectDefaults(fields: readonly ConfigField[], named: unknown): readonly unknown[] {
  return fields.flatMap(({ path, schema }) => {
    if (shapeOf(schema) === undefined || !isPlain(valueAt(named, path))) return [];
    const value = defaultOf(schema);
    return isPlain(value) ? [treeOf(path, value)] : [];
  });
}
