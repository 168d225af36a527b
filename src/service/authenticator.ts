import type { Principal } from '../core/principal.ts';

/** What an authenticator gets to see of a request. */
export interface AuthenticationRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of the other end of the connection, which may be a proxy. */
  readonly remoteAddress: string | undefined;
}

/** Finds out who asks. */
export interface Authenticator {
  /** What a caller without credentials is told to bring: `WWW-Authenticate` of the answer 401. Default: `Bearer`. */
  readonly challenge?: string;
  /**
   * Who sent the request, or `undefined` when that cannot be told. One that throws, or takes longer than five seconds, lets
   * nobody in.
   */
  authenticate(request: AuthenticationRequest): Principal | undefined | Promise<Principal | undefined>;
}
