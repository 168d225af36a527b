import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Where Debian and its kin keep the programs of the server, which they do not put on the PATH. */
function programs(): string | undefined {
  if (spawnSync('postgres', ['--version']).status === 0) return '';
  const versions = '/usr/lib/postgresql';
  const folders = existsSync(versions)
    ? readdirSync(versions)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => `${versions}/${version}/bin/`)
    : [];
  return folders.find((folder) => existsSync(`${folder}postgres`) && existsSync(`${folder}initdb`));
}

const found = programs();
const bin = found ?? '';

/** Whether the machine has a PostgreSQL server. Tests that need one are skipped without it, with this reason. */
export const postgresMissing =
  found === undefined ? 'postgres is not installed (Debian package postgresql)' : undefined;

/** The server refuses to run as root. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string): number => Number(spawnSync('id', [flag, 'postgres']).stdout.toString());
  return { uid: idOf('-u'), gid: idOf('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function ownDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-'));
  const { uid, gid } = unprivileged();
  if (uid !== undefined && gid !== undefined) await chown(directory, uid, gid);
  await chmod(directory, 0o700);
  return directory;
}

let template: Promise<string> | undefined;

/** An empty cluster, made once per worker, to be copied: making one takes seconds. */
function templateCluster(): Promise<string> {
  template ??= (async () => {
    const directory = await ownDirectory();
    process.once('exit', () => {
      spawnSync('rm', ['-rf', directory]);
    });
    const made = spawnSync(
      `${bin}initdb`,
      ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C', '--no-sync', '-D', directory],
      { ...unprivileged(), cwd: directory, timeout: 120_000 },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`);
    return directory;
  })();
  return template;
}

export interface PostgresServerOptions {
  /** Whether commits wait for the disk; without, tests are quicker. Default: false. */
  readonly isDurable?: boolean;
  /** Further settings: `{ max_connections: '5' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real PostgreSQL server on a free port, in a directory of its own, that keeps its data between restarts. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #directory: string;
  readonly #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(port: number, directory: string, settings: Readonly<Record<string, string>>) {
    this.port = port;
    this.#directory = directory;
    this.#settings = settings;
  }

  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const { isDurable = false, settings = {} } = options;
    const directory = await ownDirectory();
    const copied = spawnSync('cp', ['-a', `${await templateCluster()}/.`, join(directory, 'data')]);
    if (copied.status !== 0) throw new Error(`no copy of the cluster: ${copied.stderr.toString()}`);
    const server = new PostgresServer(await freePort(), directory, {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: directory,
      fsync: isDurable ? 'on' : 'off',
      full_page_writes: isDurable ? 'on' : 'off',
      shared_buffers: '16MB',
      max_connections: '60',
      autovacuum: 'off',
      ...settings,
    });
    await server.start();
    return server;
  }

  /** As the superuser, whom this server asks for no password. */
  get url(): string {
    return this.urlAt(this.port);
  }

  /** The same at the port of a proxy. */
  urlAt(port: number): string {
    return `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts it again with what it kept. */
  async start(): Promise<void> {
    const settings = { ...this.#settings, port: String(this.port) };
    const child = spawn(
      `${bin}postgres`,
      [
        '-D',
        join(this.#directory, 'data'),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { ...unprivileged(), cwd: this.#directory, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child.stderr.on(
      'data',
      (data: Buffer) => (this.#output = `${this.#output}${data.toString()}`.slice(-4000)),
    );
    this.#process = child;
    for (let tries = 0; !(await this.#answers()); tries++) {
      if (child.exitCode !== null || tries > 3000)
        throw new Error(`postgres on port ${this.port} did not start: ${this.#output}`);
      await sleep(20);
    }
  }

  /** @param how `fast` ends connections in order, `immediate` does not, `kill` is a SIGKILL of all its processes */
  async stop(how: 'fast' | 'immediate' | 'kill' = 'fast'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    for (const pid of this.#pids(child)) signal(pid, 'SIGCONT');
    if (how === 'kill') for (const pid of this.#pids(child)) signal(pid, 'SIGKILL');
    else child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  }

  /** Answers nothing, and keeps its connections, until `resume`. */
  hang(): void {
    if (this.#process !== undefined) for (const pid of this.#pids(this.#process)) signal(pid, 'SIGSTOP');
  }

  resume(): void {
    if (this.#process !== undefined) for (const pid of this.#pids(this.#process)) signal(pid, 'SIGCONT');
  }

  /** Asks it as the superuser, on a connection of its own. */
  async query<R extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<R[]> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<R>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate');
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** The server and the processes that serve its connections. */
  #pids({ pid = 0 }: ChildProcess): number[] {
    const children = spawnSync('pgrep', ['-P', String(pid)]).stdout.toString();
    return [pid, ...children.split('\n').filter(Boolean).map(Number)];
  }

  async #answers(): Promise<boolean> {
    try {
      await this.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
