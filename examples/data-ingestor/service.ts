/** Starts the ingestor: `node service.ts`. It ends with SIGTERM or Ctrl-C. */
import { IngestorService } from './ingestor-service.ts';

const service = await new IngestorService().start();
service.log.info({ quotes: `${service.address}/quotes`, probes: service.adminAddress }, 'listening');
