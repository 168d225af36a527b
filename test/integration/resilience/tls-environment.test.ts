import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { FaultServer } from '../../../src/testing/index.ts';

const CHILD = fileURLToPath(new URL('support/tls-child.ts', import.meta.url));

test('certificates are verified whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
  await using server = await FaultServer.listen({ tls: 'expired' });
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, server.url, server.wsUrl], {
    env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  });
  expect(JSON.parse(stdout)).toEqual({ http: 'UPSTREAM_UNTRUSTED', webSocket: 'connect-failed' });
  expect([server.received, server.webSockets.handshakes]).toEqual([0, []]);
});
