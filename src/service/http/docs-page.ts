import type { OpenAPIV3_1 } from 'openapi-types';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; font-size: 1.1rem; overflow-wrap: anywhere }
h2 b { display: inline-block; min-width: 4rem }
h3 { font-size: .9rem; margin-bottom: .25rem }
pre { overflow: auto; padding: .75rem; border: 1px solid; border-radius: .25rem; font-size: .85rem }
.deprecated h2 { text-decoration: line-through }`;

/** A page about an API that needs neither scripts nor anything from elsewhere. */
export function docsPage({ info, paths = {} }: OpenAPIV3_1.Document): string {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item?.[method];
      return operation === undefined ? [] : [section(method, path, operation)];
    }),
  );
  const title = `${info.title} ${info.version}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body><h1>${escape(title)}</h1>
<p>The same for programs: <a href="openapi.json">openapi.json</a></p>
${operations.length === 0 ? '<p>This service has no routes of its own.</p>' : operations.join('\n')}
</body></html>
`;
}

function section(method: string, path: string, operation: OpenAPIV3_1.OperationObject): string {
  const { summary, description, deprecated, parameters = [], requestBody, responses = {} } = operation;
  const parts = [
    summary === undefined ? '' : `<p>${escape(summary)}</p>`,
    description === undefined ? '' : `<p>${escape(description)}</p>`,
    parameters.length === 0 ? '' : block('Parameters', parameters),
    requestBody === undefined ? '' : block('Body', requestBody),
    ...Object.entries(responses).map(([status, response]) => block(`Answer ${status}`, response)),
  ];
  const attributes = deprecated === true ? ' class="deprecated"' : '';
  return `<section${attributes}><h2><b>${method.toUpperCase()}</b> <code>${escape(path)}</code></h2>${parts.join('')}</section>`;
}

const block = (title: string, schema: unknown): string =>
  `<h3>${escape(title)}</h3><pre tabindex="0">${escape(JSON.stringify(schema, undefined, 2))}</pre>`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
