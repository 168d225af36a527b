import {
  type Client,
  ErrorCode,
  type EvaluationContext,
  type JsonValue,
  type Provider,
  ProviderEvents,
  OpenFeatureEventEmitter,
  type ResolutionDetails,
} from '@openfeature/server-sdk';
import { clientOver } from '../service/flags/open-flags.ts';

/** What a flag of a test gives: a value, or one that depends on the context. */
export type FakeFlag = JsonValue | ((context: EvaluationContext) => JsonValue);

/** One question that was asked. */
export interface FlagQuestion {
  readonly flag: string;
  readonly defaultValue: JsonValue;
  readonly context: EvaluationContext;
}

/**
 * Flags that a test sets by hand, with an OpenFeature client over them: `new FakeFlags({ 'new-router': true }).client`. Each has
 * a domain of its own, so tests in one process do not meet. A flag of another type than asked for, and one that was not set,
 * give the default in the code, as any provider does.
 */
export class FakeFlags {
  /** What goes into the service under test. */
  readonly client: Client;
  /** What was asked so far, the oldest first. */
  readonly asked: FlagQuestion[] = [];
  readonly #flags: Map<string, FakeFlag>;
  readonly #failing = new Map<string, string>();
  readonly #events = new OpenFeatureEventEmitter();

  constructor(flags: Readonly<Record<string, FakeFlag>> = {}) {
    this.#flags = new Map(Object.entries(flags));
    this.client = clientOver('fake-flags', this.#provider());
  }

  /** Counts from the next evaluation on, and tells handlers of `PROVIDER_CONFIGURATION_CHANGED`. */
  set(flag: string, value: FakeFlag): void {
    this.#flags.set(flag, value);
    this.#failing.delete(flag);
    this.#changed(flag);
  }

  /** Forgets the flag. */
  clear(flag: string): void {
    this.#flags.delete(flag);
    this.#failing.delete(flag);
    this.#changed(flag);
  }

  /** Lets evaluations of the flag fail, as when a remote provider is down, until it is set. */
  fail(flag: string, message = 'the provider is down'): void {
    this.#failing.set(flag, message);
  }

  #changed(flag: string): void {
    this.#events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged: [flag] });
  }

  #provider(): Provider {
    const of =
      (type: string) =>
      <T extends JsonValue>(
        flag: string,
        defaultValue: T,
        context: EvaluationContext,
      ): Promise<ResolutionDetails<T>> =>
        Promise.resolve(this.#answer(type, flag, defaultValue, context));
    return {
      metadata: { name: 'fake' },
      runsOn: 'server',
      events: this.#events,
      resolveBooleanEvaluation: of('boolean'),
      resolveStringEvaluation: of('string'),
      resolveNumberEvaluation: of('number'),
      resolveObjectEvaluation: of('object'),
    };
  }

  #answer<T extends JsonValue>(
    type: string,
    flag: string,
    defaultValue: T,
    context: EvaluationContext,
  ): ResolutionDetails<T> {
    this.asked.push({ flag, defaultValue, context });
    const failing = this.#failing.get(flag);
    if (failing !== undefined)
      return { value: defaultValue, errorCode: ErrorCode.GENERAL, errorMessage: failing };
    const fake = this.#flags.get(flag);
    if (fake === undefined) return { value: defaultValue, errorCode: ErrorCode.FLAG_NOT_FOUND };
    const value = typeof fake === 'function' ? fake(context) : fake;
    if (typeof value !== type) return { value: defaultValue, errorCode: ErrorCode.TYPE_MISMATCH };
    return {
      value: value as T, // its type was looked at just now
      reason: typeof fake === 'function' ? 'TARGETING_MATCH' : 'STATIC',
    };
  }
}
