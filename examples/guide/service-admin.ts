// A listener for operators: probes, metrics, and what only a named person may ask.
import { person } from 'portcullis';
import { type Authenticator, adminApi, createClient } from 'portcullis/service';
import { testService } from 'portcullis/testing';

/** Yours checks a signature or asks your identity provider. */
const authenticator: Authenticator = {
  authenticate: ({ headers }) => (headers['authorization'] === 'Bearer mira-1' ? person('mira') : undefined),
};
const definition = { name: 'quotes', adminPort: 0, stopTimeoutMs: 20_000 }; // 0: any free port
const env = { LOG_LEVEL: 'warn', FLAG_NEW_ROUTER: 'true' };
const { service, inject, stop } = await testService(definition, { authenticator, env });

for (const url of ['/ready', '/metrics', '/admin/config']) {
  const [own, admin] = [await inject(url), await inject({ url, admin: true })];
  console.log(url.padEnd(13), 'own listener:', own.status, '- admin listener:', admin.status);
}

const baseUrl = service.adminAddress;
const client = createClient(adminApi, { baseUrl, headers: { authorization: 'Bearer mira-1' } });
const { lines } = await client.explainConfig();
for (const { path, value, source } of lines)
  if (!['default', 'overrides'].includes(source)) console.log(path, value, '-', source);
console.log(Object.keys((await client.listFlags()).flags));
await createClient(adminApi, { baseUrl })
  .explainConfig()
  .catch((error: unknown) => {
    console.log('without a token:', (error as Error).message);
  });
await stop();
