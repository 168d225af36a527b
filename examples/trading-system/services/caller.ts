import { type Principal, system } from 'portcullis/core';
import { HttpProblem } from 'portcullis/service';
import { type SystemConfig, principalOf } from '../config.ts';

/** What is looked at of a request. */
export interface Asking {
  readonly headers: { readonly authorization?: string | undefined };
}

/** Whoever is on this machine while nobody has a token: a part of the system, never a person. */
const LOCAL = system('local');

/**
 * Who asks for a change: the one whose bearer token it is.
 *
 * @throws {HttpProblem} 401 without a token that is known; where none is configured, whoever can reach the port may write
 */
export function callerOf(config: Pick<SystemConfig, 'tokens'>, { headers }: Asking): Principal {
  if (config.tokens.length === 0) return LOCAL;
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const caller = token === undefined ? undefined : principalOf(config, token);
  if (caller === undefined) throw new HttpProblem(401, 'expected a bearer token that is known');
  return caller;
}

/** @throws {HttpProblem} 401 as `callerOf`; 403 for a part of the system */
export function personOf(config: Pick<SystemConfig, 'tokens'>, asking: Asking): Principal {
  const caller = callerOf(config, asking);
  if (caller.kind === 'person') return caller;
  throw new HttpProblem(403, `expected the token of a person, not of ${caller.kind} ${caller.id}`);
}
