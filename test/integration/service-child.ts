/** A service in a process of its own, for service-process.test.ts. Says where it listens with its first log line. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BaseEnterpriseService, type ServiceApp } from '../../src/service/index.ts';

class Slow extends BaseEnterpriseService {
  constructor() {
    super({ name: 'slow', stopTimeoutMs: 2000 });
  }

  protected override routes(app: ServiceApp): void {
    app.get('/slow/:ms', async (request) => {
      const { ms } = request.params as { ms: string };
      this.log.info('slow request begins');
      this.log.flush();
      await sleep(Number(ms));
      return { served: true };
    });
    app.get('/talk/:kib', (request) => {
      const { kib } = request.params as { kib: string };
      for (let i = 0; i < Number(kib); i += 1) this.log.info('x'.repeat(1024));
      return { served: true };
    });
  }

  protected override onStart(): void {
    if (process.argv[2] === 'fails') throw new Error('no database');
    if (process.argv[2] === 'crashes') setImmediate(crash);
  }

  protected override onStop(): void {
    this.log.info('onStop');
  }
}

function crash(): never {
  throw new Error('boom');
}

const service = await new Slow().start();
service.log.flush();
