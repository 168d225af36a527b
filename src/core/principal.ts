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
  if (by.kind === 'person' && by.id.trim() !== '' && reason.trim() !== '') return;
  throw new PortcullisError(
    'PRINCIPAL_REQUIRED',
    `${action}: expected a named person and a reason, got ${by.kind} ${JSON.stringify(by.id)} and reason ${JSON.stringify(reason)}`,
  );
}
