import { PortcullisError } from '../../core/errors.ts';
import { type Schema, bare, defOf, shapeOf } from './schema-walk.ts';

/** Something of a schema that has a name of its own: a value, or an object of further fields. */
export interface ConfigField {
  readonly path: readonly string[];
  readonly schema: Schema;
}

export const pathText = (path: readonly PropertyKey[]): string => path.map(String).join('.');

/**
 * Every field of a configuration, objects before what is in them.
 *
 * @throws {PortcullisError} `OPTION_INVALID` for an object that would take fields it does not know, since a misspelt one
 *   would then be lost
 */
export function fieldsOf(root: Schema): readonly ConfigField[] {
  const fields: ConfigField[] = [];
  const visit = (schema: Schema, path: readonly string[], above: ReadonlySet<Schema>): void => {
    const shape = shapeOf(schema);
    const object = bare(schema).schema;
    // A schema within itself has no end: it is written as JSON.
    if (shape === undefined || above.has(object)) return;
    requireStrict(object, path);
    for (const [key, member] of Object.entries(shape)) {
      const at = [...path, key];
      fields.push({ path: at, schema: member });
      visit(member, at, new Set([...above, object]));
    }
  };
  visit(root, [], new Set());
  return fields;
}

function requireStrict(object: Schema, path: readonly string[]): void {
  const { catchall } = defOf(object) as { readonly catchall?: Schema };
  if (catchall !== undefined && defOf(catchall).type === 'never') return;
  const where = path.length === 0 ? 'the schema' : pathText(path);
  const message = `loadConfig: ${where}: expected z.strictObject, which refuses misspelt fields`;
  throw new PortcullisError('OPTION_INVALID', message, { details: { field: pathText(path) } });
}
