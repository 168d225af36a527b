/** The service of shutdown.test.ts, in a process of its own: `node shutdown-service.ts DRAIN_DELAY_MS`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BaseEnterpriseService, type ServiceApp } from 'portcullis/service';

class Drained extends BaseEnterpriseService {
  constructor() {
    super({ name: 'drained', drainDelayMs: Number(process.argv[2]) });
  }

  protected override routes(app: ServiceApp): void {
    app.get('/work/:ms', async (request) => {
      const { ms } = request.params as { ms: string };
      await sleep(Number(ms));
      return { ok: true };
    });
  }
}

const service = await new Drained().start();
service.log.flush();
