import type { OpenAPIV3_1 } from 'openapi-types';
import { describe, expect, test } from 'vitest';
import { docsPage } from '../../../src/service/http/docs-page.ts';

const EVIL = `<script>alert("1")</script>'&amp;`;
const SAFE = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;amp;';

const page = (paths: OpenAPIV3_1.PathsObject = {}, title = 'quotes'): string =>
  docsPage({ openapi: '3.1.0', info: { title, version: '1.2.3' }, paths });

describe('docsPage', () => {
  test('says when there is nothing to tell', () => {
    expect(page()).toContain('<h1>quotes 1.2.3</h1>');
    expect(page()).toContain('<p>This service has no routes of its own.</p>');
    expect(docsPage({ openapi: '3.1.0', info: { title: 'a', version: '1' } } as never)).toContain(
      'no routes',
    );
  });

  test('shows each operation with all of its parts, in the order of paths and methods', () => {
    const text = page({
      '/a': {
        post: {
          summary: 'Adds one',
          description: 'Once.',
          parameters: [{ name: 'x', in: 'query' }],
          requestBody: { content: {} },
          responses: { 201: { description: 'made' }, 400: { description: 'no' } },
        },
        get: { responses: {} },
      },
      '/b': { delete: { deprecated: true } } as never,
      '/c': undefined as never,
    });
    expect(text.match(/<h2>.*?<\/h2>/g)).toEqual([
      '<h2><b>GET</b> <code>/a</code></h2>',
      '<h2><b>POST</b> <code>/a</code></h2>',
      '<h2><b>DELETE</b> <code>/b</code></h2>',
    ]);
    expect(text.match(/<h3>.*?<\/h3>/g)).toEqual([
      '<h3>Parameters</h3>',
      '<h3>Body</h3>',
      '<h3>Answer 201</h3>',
      '<h3>Answer 400</h3>',
    ]);
    expect(text).toContain('</h2><p>Adds one</p><p>Once.</p><h3>Parameters</h3>');
    expect(text).toContain('<section class="deprecated"><h2><b>DELETE</b>');
    expect(text).not.toContain('no routes');
  });

  test('lets nothing of what it shows be markup', () => {
    const text = page(
      {
        [`/${EVIL}`]: {
          get: {
            summary: EVIL,
            description: EVIL,
            parameters: [{ name: EVIL, in: 'query' }],
            requestBody: { content: { [EVIL]: {} } },
            responses: { [EVIL]: { description: EVIL } },
          },
        },
      },
      EVIL,
    );
    expect(text).not.toContain('<script');
    expect(text).toContain(`<title>${SAFE} 1.2.3</title>`);
    expect(text).toContain(`<h1>${SAFE} 1.2.3</h1>`);
    expect(text).toContain(`<code>/${SAFE}</code></h2><p>${SAFE}</p><p>${SAFE}</p>`);
    expect(text).toContain(`<h3>Answer ${SAFE}</h3>`);
    expect(text.match(/[<>"']/g)?.length).toBe(
      page({
        '/x': {
          get: {
            summary: 'x',
            description: 'x',
            parameters: [{ name: 'x', in: 'query' }],
            requestBody: { content: { x: {} } },
            responses: { x: { description: 'x' } },
          },
        },
      }).match(/[<>"']/g)?.length,
    );
  });
});
