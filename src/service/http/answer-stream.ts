import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';

/** Tells of a failure of an answer that is a stream; gives what to send in its place. Any other answer is left as it is. */
export function watchStream(payload: unknown, onFailed: (error: unknown) => void): unknown {
  if (payload instanceof Readable) return payload.once('error', onFailed);
  if (payload instanceof ReadableStream && !payload.locked) return watched(payload, onFailed);
  if (payload instanceof Response && payload.body !== null && !payload.bodyUsed)
    return new Response(
      watched(payload.body, onFailed) as ConstructorParameters<typeof Response>[0],
      payload,
    );
  return payload;
}

function watched(stream: ReadableStream, onFailed: (error: unknown) => void): ReadableStream {
  const reader = stream.getReader() as ReadableStreamDefaultReader<unknown>;
  return new ReadableStream<unknown>(
    {
      async pull(to) {
        try {
          const { done, value } = await reader.read();
          if (done) to.close();
          else to.enqueue(value);
        } catch (error) {
          onFailed(error);
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
