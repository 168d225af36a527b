import { once } from 'node:events';
import { connect } from 'node:net';

const TIMEOUT_MS = 5_000;

/** Lets a Redis refuse to announce anything, or no longer: what is shared is then found by looking alone. */
export async function setAnnouncements(redisUrl: string, areOn: boolean): Promise<void> {
  const { hostname, port } = new URL(redisUrl);
  const socket = connect({ host: hostname, port: Number(port === '' ? 6379 : port) });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('redis does not answer')));
  try {
    await once(socket, 'connect');
    socket.write(`ACL SETUSER default ${areOn ? '+' : '-'}publish\r\n`);
    const [said] = (await once(socket, 'data')) as [Buffer];
    if (!said.toString().startsWith('+OK')) throw new Error(`ACL SETUSER: ${said.toString().trim()}`);
  } finally {
    socket.destroy();
  }
}
