import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether the machine has a Redis server. Tests that need one are skipped without it, with this reason. */
export const redisMissing =
  spawnSync('redis-server', ['--version']).status === 0
    ? undefined
    : 'redis-server is not installed (Debian package redis-server)';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether this process is ready there: the port may have been taken by the server of another test. */
const answers = (port: number, pid: number | undefined): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\nINFO server\r\n'));
    let said = '';
    const end = (): void => {
      socket.destroy();
      resolve(said.startsWith('+PONG') && said.includes(`\nprocess_id:${String(pid)}\r\n`));
    };
    socket.on('data', (data) => {
      said += data.toString();
      if (said.startsWith('-') || /\nprocess_id:\d+\r\n/u.test(said)) end();
    });
    socket.once('error', end);
    socket.once('close', end);
  });

/** How often a server is started on another port, when the first was not free any more. */
const PORTS = 5;

/** A real redis-server on a free port, in a directory of its own, that keeps an append-only file between restarts. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #directory: string;
  readonly #arguments: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, directory: string, more: readonly string[]) {
    this.port = port;
    this.#directory = directory;
    this.#arguments = more;
  }

  /** @param more options as on its command line: `['--maxmemory', '4mb']` */
  static async start(more: readonly string[] = []): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'redis-'));
    for (let port = 1; ; port++) {
      const server = new RedisServer(await freePort(), directory, more);
      try {
        await server.start();
        return server;
      } catch (error) {
        if (port === PORTS) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts it again with what it kept. */
  async start(): Promise<void> {
    const child = spawn(
      'redis-server',
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#directory],
        ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'],
        ...this.#arguments,
      ],
      { stdio: 'ignore' },
    );
    this.#process = child;
    for (let tries = 0; !(await answers(this.port, child.pid)); tries++) {
      if (child.exitCode !== null || tries > 1_500) {
        child.kill('SIGKILL');
        throw new Error(`redis-server on port ${this.port} did not start`);
      }
      await sleep(20);
    }
  }

  /** @param signal `SIGTERM` lets it write what it has, `SIGKILL` does not */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill(signal);
    await ended;
  }

  /** Stops it, removes all that it kept, starts it anew. */
  async restartEmpty(): Promise<void> {
    await this.stop('SIGKILL');
    await rm(join(this.#directory, 'appendonlydir'), { recursive: true, force: true });
    await this.start();
  }

  /** Answers nothing, and keeps its connections, until `resume`. */
  hang(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }
}
