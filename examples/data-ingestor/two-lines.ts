/** Runs the class that two lines put on the chassis. */
import { Ingestor } from './ingestor.ts';

const ingestor = await new Ingestor().start();
await ingestor.run('ingest', ({ signal }) => ingestor.ingest(signal));
