/**
 * A server in a process of its own, for suites/chassis.ts: ours as a user gets it by default, or the peer, each with the same
 * route. Tells the parent where it is, and how much processor time it has used whenever asked; ends with the parent.
 */
import { BaseEnterpriseService, type ServiceApp } from 'portcullis/service';
import { fastifyPino } from './peers.ts';

class Ok extends BaseEnterpriseService {
  constructor() {
    super({ name: 'ok' });
  }

  protected override routes(app: ServiceApp): void {
    app.get('/ok', () => ({ ok: true }));
  }
}

async function startPeer(): Promise<string> {
  const app = fastifyPino();
  app.get('/ok', () => ({ ok: true }));
  return app.listen({ host: '127.0.0.1', port: 0 });
}

const address = process.argv[2] === 'fastify-pino' ? await startPeer() : (await new Ok().start()).address;
process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit());
process.send?.({ address });
