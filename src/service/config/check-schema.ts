import type { z } from 'zod';
import type { ConfigIssue } from './config-issue.ts';
import type { ConfigLayers } from './config-layer.ts';
import { schemaIssues } from './schema-issues.ts';

/**
 * What the schema makes of the layers, or what it has against them.
 *
 * @param known issues that are there already: what could not be read from a text is not missing as well
 */
export async function checkSchema(
  schema: z.ZodObject,
  layers: ConfigLayers,
  prefix: string,
  known: readonly ConfigIssue[],
): Promise<{ readonly value: unknown; readonly issues: readonly ConfigIssue[] }> {
  try {
    const result = await schema.safeParseAsync(layers.merged);
    if (result.success) return { value: result.data, issues: [] };
    const issues = schemaIssues(result.error.issues, schema, layers, prefix);
    return {
      value: undefined,
      issues: issues.filter(({ field }) => !known.some((one) => one.field === field)),
    };
  } catch (error) {
    // Its message may hold values that nobody has looked at.
    const what = error instanceof Error ? error.name : typeof error;
    const expected = `expected a schema that does not throw, but it threw ${what}`;
    return { value: undefined, issues: [{ field: '(whole)', expected, source: 'the schema' }] };
  }
}
