import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/**
 * Cuts the connection when bytes of the answer wait to be sent and none was taken for `timeoutMs`. A handler that takes its
 * time, or a stream with nothing to say, is no slow reader.
 *
 * @param keepAliveTimeoutMs of the server; 0 keeps an idle connection for as long as it likes
 */
export function cutSlowReader(
  { socket }: IncomingMessage,
  raw: ServerResponse,
  timeoutMs: number,
  keepAliveTimeoutMs: number,
): void {
  // An injected request has none.
  if (!(socket instanceof Socket)) return;
  raw.setTimeout(timeoutMs, () => {
    if (socket.writableLength > 0)
      raw.destroy(new Error(`no byte of the answer was taken for ${timeoutMs} ms`));
  });
  // Node takes the time back by itself only where it sets another for the idle connection.
  if (keepAliveTimeoutMs === 0)
    raw.once('close', () => {
      socket.setTimeout(0);
    });
}
