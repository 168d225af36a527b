import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { correlation } from '../../telemetry/index.ts';

const STATUS_BY_CODE: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [431, 'the headers are larger than this service takes'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the extensions of a chunk are larger than this service takes'],
};
const NO_REQUEST = [400, 'this is no HTTP request'] as const;

/**
 * Answers what never became a request, or only in part: too late, too large, or not HTTP. Then closes the connection.
 *
 * @param onAnswer told before the answer goes out; not for a connection that is gone
 */
export function answerClientError(
  error: Error & { readonly code?: string },
  socket: Duplex,
  onAnswer: (status: number, correlationId: string) => void,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, detail] = STATUS_BY_CODE[error.code ?? ''] ?? NO_REQUEST;
  const title = STATUS_CODES[status] ?? 'Error';
  const correlationId = correlation.create();
  onAnswer(status, correlationId);
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, correlationId });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'connection: close',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-correlation-id: ${correlationId}`,
  ];
  // Destroyed once it is written: whoever sends a byte now and then must not hold the connection open.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
