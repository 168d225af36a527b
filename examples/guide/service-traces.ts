// Traces: an SDK of your choice, flushed when the service stops.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { testService } from 'portcullis/testing';

const exporter = new InMemorySpanExporter(); // yours is an OTLPTraceExporter
const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const { service, inject, logs, stop } = await testService(
  {
    name: 'quotes',
    routes: (app) => {
      app.get('/quotes', () => service.run('load', () => ['BTC-USD']));
    },
  },
  { flush: [{ name: 'traces', flush: () => provider.forceFlush() }] },
);

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'; // of the caller
await inject({ url: '/quotes', headers: { traceparent } });
const { steps } = await stop();
console.log(steps.map(({ name, outcome }) => `${name}: ${outcome}`));

const spans = exporter.getFinishedSpans();
const nameOf = (id?: string) => spans.find((span) => span.spanContext().spanId === id)?.name ?? 'the caller';
for (const span of spans)
  console.log(
    `${span.name}, below ${nameOf(span.parentSpanContext?.spanId)}, trace ${span.spanContext().traceId}`,
  );
console.log('in the log:', logs().find(({ msg }) => msg === 'request')?.['traceId']);
trace.disable();
context.disable();
