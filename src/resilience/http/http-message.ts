/** One request. What belongs to the connection (`host`, `content-length`, `connection` and the like) the transport sets. */
export interface HttpRequest {
  /** In capitals, such as `GET`. */
  readonly method: string;
  /** Scheme, name and port, such as `https://api.example.com`. */
  readonly origin: string;
  /** Begins with `/`, query included. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Whether it may arrive twice. Default: GET, HEAD and OPTIONS may, the others not. */
  readonly isRepeatable?: boolean | undefined;
}

/** An answer with a status of 200 to 299, or 304. */
export interface HttpAnswer {
  readonly status: number;
  /** As they came; names in lower case. */
  readonly headers: HttpHeaders;
  /** The content, with its `content-encoding` undone. */
  readonly body: Buffer;
}

/** Names in lower case; a header that came more than once is a list. */
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Methods that may arrive twice unless the request says otherwise. */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export const isRepeatable = ({ isRepeatable: given, method }: HttpRequest): boolean =>
  given ?? REPEATABLE.has(method);
