import type { JsonValue } from '@openfeature/core';
import { PortcullisError } from '../../core/errors.ts';
import type { Principal } from '../../core/principal.ts';
import type { FileFlagProvider } from './file-flag-provider.ts';
import type { FlagDefinition } from './flag-definition.ts';

/**
 * Changes flags while the service runs. Each change carries who wants it and why; it is in the audit log before it counts, and
 * in the file before the promise resolves.
 *
 * Every method rejects with `PRINCIPAL_REQUIRED` without a name or a reason, and otherwise as `FileFlagProvider.change` does.
 */
export class FlagControl {
  readonly #flags: Pick<FileFlagProvider, 'change'>;

  constructor(deps: { readonly flags: Pick<FileFlagProvider, 'change'> }) {
    this.#flags = deps.flags;
  }

  /** Gives everybody this value, whatever the rules say, until `unset`. Of a flag with variants it must be one of theirs. */
  set(flag: string, value: JsonValue, by: Principal, reason: string): Promise<void> {
    return this.#change(flag, by, reason, (definition) => ({ ...definition, enabled: true, pinned: value }));
  }

  /** Lets the rules decide again. */
  unset(flag: string, by: Principal, reason: string): Promise<void> {
    return this.#change(flag, by, reason, ({ pinned: _, ...definition }) => definition);
  }

  /** Replaces rules, variants and all else of a known flag, except its type. */
  define(flag: string, definition: FlagDefinition, by: Principal, reason: string): Promise<void> {
    return this.#change(flag, by, reason, ({ type }) => {
      if (definition.type === type) return definition;
      throw new PortcullisError(
        'INPUT_INVALID',
        `flag ${flag}: type: expected ${type}, as code asks for it, got ${JSON.stringify(definition.type)}`,
      );
    });
  }

  async #change(
    flag: string,
    by: Principal,
    reason: string,
    edit: (definition: FlagDefinition) => FlagDefinition,
  ): Promise<void> {
    requireName(flag, by, reason);
    await this.#flags.change({ flag, edit, by: { kind: by.kind, id: by.id }, reason });
  }
}

/** A person, or a part of the system such as a rollback trigger; nobody unnamed, and nothing without a reason. */
function requireName(flag: string, by: Principal, reason: string): void {
  // What came from outside may lack anything.
  const { kind, id } = { ...(by as Partial<Principal> | undefined) };
  const isNamed = (kind === 'person' || kind === 'system') && typeof id === 'string' && id.trim() !== '';
  if (isNamed && typeof (reason as unknown) === 'string' && reason.trim() !== '') return;
  throw new PortcullisError(
    'PRINCIPAL_REQUIRED',
    `flag ${flag}: expected a named person or part of the system, and a reason, got ${JSON.stringify(by)} and ${JSON.stringify(reason)}`,
  );
}
