import swagger from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';
import { docsPage } from './docs-page.ts';
import type { ServiceApp } from './http-server.ts';

const hidden = { schema: { hide: true } };
/** The page loads nothing and runs nothing. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What is documented: the routes of this app that are added from now on. */
export function documentRoutes(
  app: ServiceApp,
  info: { readonly title: string; readonly version: string },
): void {
  app.register(swagger, { openapi: { openapi: '3.1.0', info }, transform: jsonSchemaTransform });
}

/** `/openapi.json` and `/docs` on one app, about the routes of another or its own. */
export function serveDocs(app: ServiceApp, about: ServiceApp): void {
  const document = async (): Promise<OpenAPIV3_1.Document> => {
    // The listener for operators is there first.
    await about.ready();
    return about.swagger() as OpenAPIV3_1.Document;
  };
  app.get('/openapi.json', hidden, document);
  app.get('/docs', hidden, async (_request, reply) =>
    reply
      .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY })
      .send(docsPage(await document())),
  );
}
