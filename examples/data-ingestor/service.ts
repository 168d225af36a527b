/** Starts the ingestor: `node service.ts`. It ends with SIGTERM or Ctrl-C. */
import { IngestorService } from './ingestor-service.ts';

const service = await new IngestorService().start();
const { address, adminAddress } = service;
service.log.info({ address, adminAddress }, 'listening');
