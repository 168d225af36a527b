/**
 * The settings under which what others offer on Redis is measured, to be reviewed: each publishes bars and hands every one of
 * them, parsed, to a function in the same process, and acknowledges it.
 */
import { createClient } from '@redis/client';
import { Queue, Worker } from 'bullmq';

/** Publishes what it is given, all at once; the promise resolves when the server has it. */
export interface RedisPeer {
  readonly name: string;
  publish(bars: readonly object[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Commands of one round trip, ours and theirs: the dial between latency and throughput. */
const BATCH = 32;

/**
 * Redis Streams by hand over the client that ours uses: one connection publishes, with the commands of a tick in one piece
 * (the client does so by itself), one reads `BATCH` at a time, one acknowledges what was read in one command. It keeps nothing
 * in order over crashes, tries nothing again, and checks no data.
 */
export async function rawStreams(port: number, onBar: (bar: unknown) => void): Promise<RedisPeer> {
  const options = { socket: { host: '127.0.0.1', port }, disableOfflineQueue: true };
  const clients = [0, 1, 2].map(() => createClient(options).on('error', () => undefined));
  await Promise.all(clients.map((client) => client.connect()));
  const [publishing, reading, acknowledging] = clients as [Client, Client, Client];
  const [stream, group] = ['raw', 'bench'];
  await publishing.xGroupCreate(stream, group, '$', { MKSTREAM: true });
  let isOver = false;
  const read = async (): Promise<void> => {
    while (!isOver) {
      const where = { key: stream, id: '>' };
      const reply = await reading.xReadGroup(group, 'one', where, { COUNT: BATCH, BLOCK: 500 });
      for (const { messages } of (reply ?? []) as readonly { messages: readonly Message[] }[]) {
        for (const { message } of messages) onBar(JSON.parse(message['e'] ?? ''));
        void acknowledging.xAck(
          stream,
          group,
          messages.map(({ id }) => id),
        );
      }
    }
  };
  const ended = read();
  return {
    name: 'raw-streams',
    publish: (bars) =>
      Promise.all(bars.map((bar) => publishing.xAdd(stream, '*', { e: JSON.stringify(bar) }))),
    close: async () => {
      isOver = true;
      await ended;
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

type Client = ReturnType<typeof createClient>;

interface Message {
  readonly id: string;
  readonly message: Readonly<Record<string, string>>;
}

/**
 * BullMQ 6: jobs by `addBulk`, removed when they are done so that memory stays flat, no events stream to speak of, no telemetry;
 * a worker that runs as many jobs at a time as helps it here.
 */
export function bullmq(port: number, onBar: (bar: unknown) => void): RedisPeer {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('bars', {
    connection,
    streams: { events: { maxLen: 0 } },
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  const worker = new Worker(
    'bars',
    (job) => {
      onBar(job.data);
      return Promise.resolve();
    },
    { connection, concurrency: 200 },
  );
  return {
    name: 'bullmq',
    publish: (bars) => queue.addBulk(bars.map((data) => ({ name: 'bar', data }))),
    close: async () => {
      await worker.close(true);
      await queue.close();
    },
  };
}
