// SIGTERM, step by step.
import { BaseEnterpriseService, type StartContext } from 'portcullis/service';
import { testService } from 'portcullis/testing';

class Quotes extends BaseEnterpriseService {
  constructor() {
    super({ name: 'quotes', drainDelayMs: 5_000, stopTimeoutMs: 10_000 });
  }

  protected override onStart({ use }: StartContext): void {
    use('database', { close: () => undefined });
    use('feed', { close: () => undefined });
    void this.run('poll', async ({ signal }) => {
      await this.clock.sleep(3_600_000, signal).catch(() => undefined); // hears the signal
    });
    void this.run('report', () => this.clock.sleep(3_600_000)); // does not
  }

  protected override onDrain(): void {
    console.log('onDrain:', this.state, '- no new orders from here on');
  }

  protected override onStop(): void {
    console.log('onStop:', this.state, '- requests and work are over');
  }
}

const tested = await testService(Quotes, {
  flush: [{ name: 'traces', flush: () => Promise.reject(new Error('the collector is gone')) }],
});
const report = tested.signal('SIGTERM');
console.log('/ready', (await tested.inject('/ready')).body);
await tested.advance(5_000);
await tested.advance(10_000);
console.log(await report);
console.log('exit code', tested.exits[0]);
