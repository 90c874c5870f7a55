import { readConfig } from '../../src/config.js';
import { type ApiDocument, apiDocument } from '../../src/api/openapi/document.js';
import { sessionPicture } from '../../test/units/session/session-picture.js';
import { apiPage } from './api-page.js';
import { configurationPage, envExample } from './configuration-page.js';
import { decisionsIndex } from './decisions-index.js';
import { formatted } from './markdown.js';

/** Of what the document depends on nothing is secret, and the key is none that could be used. */
const CONFIG = readConfig({ API_KEY: 'qmZ3vT8kXc1LrP0sWn5yBd7e' });

export const openApi = (): ApiDocument => apiDocument(CONFIG);

/** Every file that is written by a program, by its path: `npm run docs` writes them, a test compares them. */
export async function derivedFiles(): Promise<Readonly<Record<string, string>>> {
  const document = openApi();
  const pages = {
    'docs/api.md': apiPage(document, 'en'),
    'docs/es/api.md': apiPage(document, 'es'),
    'docs/configuration.md': configurationPage('en'),
    'docs/es/configuration.md': configurationPage('es'),
    'docs/decisions/README.md': decisionsIndex(),
    'docs/session-machine.md': sessionPicture(),
  };
  const written = Object.entries(pages).map(async ([file, text]) => [file, await formatted(file, text)] as const);
  return { ...Object.fromEntries(await Promise.all(written)), '.env.example': envExample() };
}
