/** A request before it is signed. */
export interface SignableRequest {
  readonly method: string;
  /** From the root of the server, without the query. */
  readonly path: string;
  /** As it will be sent, without `?`; empty for none. */
  readonly query: string;
  readonly body: string | Uint8Array | undefined;
  /** What the clock of the source shows now, as far as its answers tell; wall time in milliseconds. */
  readonly serverNowMs: number;
}

/** What a signature adds. */
export interface Signature {
  /** Replaces the query. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Signs each attempt anew, so that its timestamp is fresh. What it throws fails the attempt, which is not made again. */
export type Signer = (request: SignableRequest) => Signature | Promise<Signature>;
