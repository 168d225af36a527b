import { PortcullisError } from './errors.ts';

/** Who did something: a person by name, or a part of the system. */
export interface Principal {
  readonly kind: 'person' | 'system';
  readonly id: string;
}

export const person = (id: string): Principal => ({ kind: 'person', id });
export const system = (id: string): Principal => ({ kind: 'system', id });

/** @throws {PortcullisError} `PRINCIPAL_REQUIRED` unless a named person gives a reason. */
export function requirePerson(by: Principal, reason: string, action: string): void {
  // What came from outside may lack anything.
  const { kind = 'nobody', id = '' } = { ...(by as Partial<Principal> | undefined) };
  const why = typeof (reason as unknown) === 'string' ? reason : '';
  if (kind === 'person' && id.trim() !== '' && why.trim() !== '') return;
  throw new PortcullisError(
    'PRINCIPAL_REQUIRED',
    `${action}: expected a named person and a reason, got ${kind} ${JSON.stringify(id)} and reason ${JSON.stringify(why)}`,
  );
}
