import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { answerClientError } from '../../../src/service/http/client-error.ts';

const fault = (code?: string) => Object.assign(new Error('x'), code === undefined ? {} : { code });

/** What is written to a connection, and what was told before. */
async function answered(code?: string) {
  const socket = new PassThrough();
  const told: [number, string][] = [];
  const closed = once(socket, 'close');
  let written = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (written += chunk));
  answerClientError(fault(code), socket, (status, id) => told.push([status, id]));
  await closed;
  return { written, told };
}

describe('what is no request', () => {
  test.each([
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'Request Timeout', 'the request did not arrive in time'],
    [
      'HPE_HEADER_OVERFLOW',
      431,
      'Request Header Fields Too Large',
      'the headers are larger than this service takes',
    ],
    [
      'HPE_CHUNK_EXTENSIONS_OVERFLOW',
      413,
      'Payload Too Large',
      'the extensions of a chunk are larger than this service takes',
    ],
    ['HPE_INVALID_METHOD', 400, 'Bad Request', 'this is no HTTP request'],
    [undefined, 400, 'Bad Request', 'this is no HTTP request'],
  ])(
    '%s is answered with a problem of status %i, and the connection is closed',
    async (code, status, title, detail) => {
      const { written, told } = await answered(code);
      const correlationId = told[0]?.[1] ?? '';
      const body = JSON.stringify({ type: 'about:blank', title, status, detail, correlationId });
      expect(told).toEqual([[status, correlationId]]);
      expect(written).toBe(
        [
          `HTTP/1.1 ${status} ${title}`,
          'connection: close',
          'content-type: application/problem+json',
          `content-length: ${body.length}`,
          `x-correlation-id: ${correlationId}`,
          '',
          body,
        ].join('\r\n'),
      );
    },
  );

  test('is not answered on a connection that was reset', async () => {
    expect(await answered('ECONNRESET')).toEqual({ written: '', told: [] });
  });

  test('is not answered on a connection that takes no more', () => {
    const socket = new PassThrough();
    socket.end();
    const told: number[] = [];
    answerClientError(fault(), socket, (status) => told.push(status));
    expect([told, socket.destroyed]).toEqual([[], true]);
  });
});
