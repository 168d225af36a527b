/** A service in a process of its own, for service-process.test.ts. Says where it listens with its first log line. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { BaseEnterpriseService } from '../../src/service/index.ts';

class Slow extends BaseEnterpriseService {
  constructor() {
    super({ name: 'slow', stopTimeoutMs: 2000 });
  }

  protected override routes(app: FastifyInstance): void {
    app.get('/slow/:ms', async (request) => {
      const { ms } = request.params as { ms: string };
      this.log.info('slow request begins');
      this.log.flush();
      await sleep(Number(ms));
      return { served: true };
    });
  }

  protected override onStop(): void {
    this.log.info('onStop');
  }
}

const service = await new Slow().start();
service.log.flush();
