import { ErrorCode, type EvaluationContext, type JsonValue, type ResolutionDetails } from '@openfeature/core';
import type { Flag } from './flag.ts';
import { type FlagType, withArticle } from './flag-definition.ts';

/**
 * The answer of a provider, in the words of OpenFeature. With an error and for a disabled flag it carries the caller's
 * default. Never throws.
 *
 * @typeParam T what `type` is in TypeScript
 */
export function resolution<T extends JsonValue>(
  name: string,
  flag: Flag | undefined,
  type: FlagType,
  defaultValue: T,
  context: EvaluationContext,
): ResolutionDetails<T> {
  if (flag === undefined)
    return failure(defaultValue, ErrorCode.FLAG_NOT_FOUND, `flag ${name} is not configured`);
  if (flag.type !== type) {
    const message = `flag ${name} is ${withArticle(flag.type)}, asked for ${withArticle(type)}`;
    return failure(defaultValue, ErrorCode.TYPE_MISMATCH, message);
  }
  const decision = flag.decide(context);
  switch (decision.kind) {
    case 'value': {
      const { variant, reason } = decision;
      return { value: decision.value as T, variant, reason }; // of this type by the schema of the flag
    }
    case 'disabled':
      return { value: defaultValue, reason: 'DISABLED' };
    case 'no-key':
      return failure(
        defaultValue,
        ErrorCode.TARGETING_KEY_MISSING,
        `flag ${name}: expected ${decision.attribute} in the context, as a text or a number`,
      );
  }
}

/** The caller's default, and why. */
function failure<T>(value: T, errorCode: ErrorCode, errorMessage: string): ResolutionDetails<T> {
  return { value, reason: 'ERROR', errorCode, errorMessage };
}
