import type { z } from 'zod';

/** A schema of any kind, seen from outside. */
export type Schema = z.core.$ZodType;
type AnyDef = z.core.$ZodTypes['_zod']['def'];
/** Members of definitions that lead to further schemas; which of them are there depends on the kind. */
interface Inner {
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly out?: Schema;
  readonly element?: Schema;
  readonly items?: readonly Schema[];
  readonly rest?: Schema | null;
  readonly options?: readonly Schema[];
  readonly left?: Schema;
  readonly right?: Schema;
  readonly keyType?: Schema;
  readonly valueType?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
}

/** Written into the definition of a schema, so that what is made of it (`.optional()`, `.refine()`) has it as well. */
const SECRET = Symbol.for('portcullis.config.secret');

export const defOf = (schema: Schema): AnyDef => (schema as z.core.$ZodTypes)._zod.def;
const innerOf = (schema: Schema): Inner => defOf(schema) as Inner;
/** One and the same each time, where its getter makes a new one. */
const lazyOf = (schema: Schema): Schema => (schema as z.core.$ZodLazy)._zod.innerType;

export function markSecret<S extends Schema>(schema: S): S {
  Object.defineProperty(schema._zod.def, SECRET, { value: true, enumerable: true });
  return schema;
}

export const isSecretSchema = (schema: Schema): boolean => SECRET in schema._zod.def;

/** What is left of a schema without `optional`, `default` and their like, and whether one of them took `null`. */
export interface Bare {
  readonly schema: Schema;
  readonly nullable: boolean;
}

/** A pipe is what it takes in; a `preprocess` takes anything and stays. */
export function bare(schema: Schema): Bare {
  let current = schema;
  let nullable = false;
  while (!isSecretSchema(current)) {
    const { type } = defOf(current);
    const { innerType, in: taken } = innerOf(current);
    nullable ||= type === 'nullable';
    if (innerType !== undefined) current = innerType;
    else if (type === 'lazy') current = lazyOf(current);
    else if (type === 'pipe' && taken !== undefined && defOf(taken).type !== 'transform') current = taken;
    else break;
  }
  return { schema: current, nullable };
}

/** The fields of an object schema, whatever it is wrapped in; `undefined` for every other kind. */
export function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const { schema: object } = bare(schema);
  return defOf(object).type === 'object' ? innerOf(object).shape : undefined;
}

/** Whether what several layers say of it is put together: objects with fields, and records. An exclusive choice is not. */
export const isMerged = (schema: Schema | undefined): boolean =>
  schema !== undefined && ['object', 'record'].includes(defOf(bare(schema).schema).type);

/** The schema of one member of an object, record, list or tuple; `undefined` where there is none, or several. */
export function memberOf(schema: Schema | undefined, key: string): Schema | undefined {
  if (schema === undefined) return undefined;
  const { shape, valueType, element, items, rest } = innerOf(bare(schema).schema);
  if (shape !== undefined) return Object.hasOwn(shape, key) ? shape[key] : undefined;
  return valueType ?? element ?? items?.[Number(key)] ?? rest ?? undefined;
}

export const isTuple = (schema: Schema): boolean => defOf(bare(schema).schema).type === 'tuple';

/** The choices of a union; `undefined` for every other kind. */
export const optionsOf = (schema: Schema): readonly Schema[] | undefined => {
  const { schema: union } = bare(schema);
  return defOf(union).type === 'union' ? innerOf(union).options : undefined;
};

/** Whether a secret stands anywhere in it. */
export function holdsSecret(schema: Schema, seen: Set<Schema> = new Set()): boolean {
  if (isSecretSchema(schema)) return true;
  if (seen.has(schema)) return false;
  seen.add(schema);
  return insideOf(schema).some((inside) => holdsSecret(inside, seen));
}

function insideOf(schema: Schema): readonly Schema[] {
  const inner = innerOf(schema);
  const one = [inner.innerType, inner.in, inner.out, inner.element, inner.rest, inner.left, inner.right];
  const lazy = defOf(schema).type === 'lazy' ? lazyOf(schema) : undefined;
  return [
    ...[...one, inner.keyType, inner.valueType, lazy].filter((found) => found != null),
    ...(inner.items ?? []),
    ...(inner.options ?? []),
    ...Object.values(inner.shape ?? {}),
  ];
}
