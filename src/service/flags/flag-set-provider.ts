import type { EvaluationContext, JsonValue, ProviderMetadata, ResolutionDetails } from '@openfeature/core';
import { OpenFeatureEventEmitter, type Provider, ProviderEvents } from '@openfeature/server-sdk';
import type { Flag } from './flag.ts';
import type { FlagType } from './flag-definition.ts';
import { resolution } from './resolution.ts';

export type FlagSet = ReadonlyMap<string, Flag>;

/** Who can say which flags there are: what metrics read. */
export interface FlagSource {
  readonly flags: FlagSet;
}

/** A provider for OpenFeature over a set of flags that is replaced as a whole. */
export abstract class FlagSetProvider implements Provider, FlagSource {
  readonly metadata: ProviderMetadata;
  readonly runsOn = 'server';
  readonly events = new OpenFeatureEventEmitter();
  #flags: FlagSet;

  constructor(name: string, flags: FlagSet) {
    this.metadata = { name };
    this.#flags = flags;
  }

  /** The flags as they are now. */
  get flags(): FlagSet {
    return this.#flags;
  }

  resolveBooleanEvaluation(
    name: string,
    defaultValue: boolean,
    context: EvaluationContext = {},
  ): Promise<ResolutionDetails<boolean>> {
    return this.#resolve(name, 'boolean', defaultValue, context);
  }

  resolveStringEvaluation(
    name: string,
    defaultValue: string,
    context: EvaluationContext = {},
  ): Promise<ResolutionDetails<string>> {
    return this.#resolve(name, 'string', defaultValue, context);
  }

  resolveNumberEvaluation(
    name: string,
    defaultValue: number,
    context: EvaluationContext = {},
  ): Promise<ResolutionDetails<number>> {
    return this.#resolve(name, 'number', defaultValue, context);
  }

  resolveObjectEvaluation<T extends JsonValue>(
    name: string,
    defaultValue: T,
    context: EvaluationContext = {},
  ): Promise<ResolutionDetails<T>> {
    return this.#resolve(name, 'object', defaultValue, context);
  }

  /** The flag to answer with. An implementation may know it in several types. */
  protected lookUp(name: string, _type: FlagType): Flag | undefined {
    return this.#flags.get(name);
  }

  /** Puts others in their place, and tells the clients which have changed. */
  protected replace(flags: FlagSet, flagsChanged: string[]): void {
    this.#flags = flags;
    this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged });
  }

  #resolve<T extends JsonValue>(
    name: string,
    type: FlagType,
    defaultValue: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    return Promise.resolve(resolution(name, this.lookUp(name, type), type, defaultValue, context));
  }
}
