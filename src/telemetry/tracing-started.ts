import { type Context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { redactText } from './redact.ts';
import { runInContext } from './tracing-scope.ts';

/** A span that is open until `end`, for work that does not fit into one function, such as a request in the hooks of a server. */
export class StartedSpan {
  readonly span: Span;
  readonly #context: Context;
  readonly #correlationId: string | undefined;
  #ended = false;

  /** Made by `Tracing.start`. */
  constructor(span: Span, context: Context, correlationId: string | undefined) {
    this.span = span;
    this.#context = context;
    this.#correlationId = correlationId;
  }

  /** Runs `fn` inside the span. Any number of times, each entering it anew. */
  run<T>(fn: () => T): T {
    return runInContext(this.#correlationId, this.#context, fn);
  }

  /** Ends the span, once. Never throws: what observes must not break what it observes. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    attempt(() => {
      this.span.end();
    });
  }

  /** Records the error, with secrets in its text left out, and ends the span as failed. */
  fail(error: unknown): void {
    if (this.#ended) return;
    attempt(() => {
      const exception = exceptionOf(error);
      this.span.recordException(exception);
      this.span.setAttribute('error.type', codeOf(error) ?? exception.name);
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
    });
    this.end();
  }
}

function exceptionOf(error: unknown): { name: string; message: string; stack?: string } {
  if (!(error instanceof Error)) return { name: typeof error, message: redactText(String(error)) };
  const { name, message, stack } = error;
  const exception = { name, message: redactText(message) };
  return stack === undefined ? exception : { ...exception, stack: redactText(stack) };
}

/** A code says more than the name of a class: `SERVICE_STOPPED`, `ECONNRESET`. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function attempt(fn: () => void): void {
  try {
    fn();
  } catch {
    // A tracer that breaks costs its span and nothing else.
  }
}
