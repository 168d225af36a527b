import type { Clock } from '../core/clock.ts';
import type { FeedConnect } from '../resilience/index.ts';

/** Sockets that send at most one frame each `everyMs`, in order; what still waits when the socket ends is forgotten. Pings wait for nothing. */
export const pacedConnect =
  (connect: FeedConnect, everyMs: number, clock: Clock): FeedConnect =>
  (url, listener) => {
    const line: string[] = [];
    let lastMs = -Infinity;
    let waiting: Disposable | undefined;
    const socket = connect(url, {
      opened: () => {
        listener.opened();
      },
      frame: (data) => {
        listener.frame(data);
      },
      pong: () => {
        listener.pong();
      },
      ended: (end) => {
        waiting?.[Symbol.dispose]();
        listener.ended(end);
      },
    });
    const sendNext = (): void => {
      waiting = undefined;
      const frame = line.shift();
      if (frame === undefined) return;
      lastMs = clock.monotonicMs();
      socket.send(frame);
      if (line.length > 0) waiting = clock.deadline(everyMs, sendNext);
    };
    return {
      get unsent() {
        return line.length;
      },
      send: (frame) => {
        line.push(frame);
        if (waiting !== undefined) return;
        const waitMs = lastMs + everyMs - clock.monotonicMs();
        if (waitMs > 0) waiting = clock.deadline(waitMs, sendNext);
        else sendNext();
      },
      ping: () => {
        socket.ping();
      },
      close: () => {
        socket.close();
      },
      terminate: () => {
        socket.terminate();
      },
    };
  };
