import type { TAGS } from '../../src/api/operation.js';

/** What the API page says by itself; all else comes from the OpenAPI document. */
interface ApiWords {
  readonly intro: string;
  readonly document: string;
  readonly tags: Readonly<Record<keyof typeof TAGS, readonly [title: string, about: string]>> | null;
  readonly field: string;
  readonly where: string;
  readonly type: string;
  readonly what: string;
  readonly required: string;
  readonly answers: string;
  readonly answersAbout: string;
  readonly bodies: string;
  readonly errors: string;
  readonly everyKey: string;
  readonly everyBody: string;
  readonly noKey: string;
  readonly shopLink: string;
  readonly deprecated: string;
  readonly places: Readonly<Record<'path' | 'query' | 'header' | 'body', string>>;
  readonly types: Readonly<
    Record<'string' | 'integer' | 'number' | 'boolean' | 'object' | 'time' | 'null' | 'list', string>
  >;
  readonly or: string;
  readonly upTo: string;
  readonly characters: string;
  readonly code: string;
  readonly sentence: string;
}

const EXAMPLES = `\`\`\`bash
curl -s "$URL/openapi.json" -o openapi.json
curl -s "$URL/docs" -o docs.html
\`\`\``;

export const API_WORDS: Readonly<Record<'en' | 'es', ApiWords>> = {
  en: {
    intro: `# API

[Documentation](README.md) · [En español](es/api.md)

This page is made of the OpenAPI document, which is made of the schemas that check the requests. Examples are in
[Sessions](sessions.md), [Sending](sending.md), [Events](events.md) and [Webhooks](webhooks.md).

- JSON in, JSON out. A body says \`content-type: application/json\`. Unknown fields are refused by name.
- Every call carries the key, as \`x-api-key\` or \`Authorization: Bearer\`, unless it says that it needs none. \
A browser
  that [signed in](page.md#signing-in) sends its cookie instead.
- Sentences follow \`Accept-Language\` (\`es\`, \`en\`; \`DEFAULT_LANGUAGE\` without one). Codes and statuses never
  change.
- No answer takes longer than 10 s unless \`wait_ms\` asks for it, but the stream of events.
- Answers may learn new fields.`,
    document: `The document itself (OpenAPI 3.1), and the same as a page for the browser, without a key:

${EXAMPLES}`,
    tags: null,
    field: 'field',
    where: 'where',
    type: 'type',
    what: 'what it is',
    required: 'required',
    answers: 'Answers',
    answersAbout: 'What is between brackets stands in a list; a dot leads into an object.',
    bodies: 'Every error',
    errors: 'Errors',
    everyKey: 'Every call with the key may be refused with',
    everyBody: 'Every call with a body may be refused with',
    noKey: 'Needs no key.',
    shopLink: 'Needs no key, but the cookie of a link for the shop.',
    deprecated: 'Deprecated.',
    places: { path: 'path', query: 'query', header: 'header', body: 'body' },
    types: {
      string: 'text',
      integer: 'integer',
      number: 'number',
      boolean: 'yes or no',
      object: 'object',
      time: 'time',
      null: 'null',
      list: 'list of',
    },
    or: 'or',
    upTo: 'up to',
    characters: 'characters',
    code: 'code',
    sentence: 'sentence',
  },
  es: {
    intro: `# API

[Documentación](README.md) · [In English](../api.md)

Esta página se hace a partir del documento OpenAPI, que a su vez sale de los esquemas que revisan las peticiones.
**El documento está en inglés**, y por eso también los títulos y las descripciones de las llamadas y de sus campos.
En español están las frases de los errores, y los ejemplos: [Sesiones](sessions.md), [Enviar](sending.md),
[Eventos](events.md) y [Webhooks](webhooks.md).

- Entra JSON, sale JSON. El cuerpo indica \`content-type: application/json\`. Los campos desconocidos se rechazan
  por su nombre.
- Toda llamada lleva la clave, como \`x-api-key\` o \`Authorization: Bearer\`, salvo que diga que no la necesita. Un
  navegador [que entró](page.md#entrar) envía en su lugar la cookie.
- Las frases siguen a \`Accept-Language\` (\`es\`, \`en\`; sin él, \`DEFAULT_LANGUAGE\`). Los códigos y los
  estados no cambian nunca.
- Ninguna respuesta tarda más de 10 s, a menos que se pida con \`wait_ms\`, salvo el flujo de eventos.
- Las respuestas pueden traer campos nuevos.`,
    document: `El documento mismo (OpenAPI 3.1), y lo mismo como página para el navegador, sin clave:

${EXAMPLES}`,
    tags: {
      Sessions: ['Sesiones', 'La sesión de una organización: vincular un teléfono, ver cómo está, detenerla.'],
      Keys: ['Claves', 'Apartar las claves, los respaldos, y el camino de vuelta.'],
      Messages: ['Mensajes', 'Todo mensaje aceptado se guarda primero, y sale en cuanto puede.'],
      Events: ['Eventos', 'Qué pasó, en orden.'],
      Webhooks: ['Webhooks', 'Lo mismo, enviado a una dirección suya.'],
      Page: ['Página', 'La página de operación: entrar, los enlaces, lo que muestra.'],
      Operation: ['Operación', 'Para las máquinas que vigilan el servicio, y para quien programa con él.'],
    },
    field: 'campo',
    where: 'dónde',
    type: 'tipo',
    what: 'qué es (en inglés)',
    required: 'obligatorio',
    answers: 'Respuestas',
    answersAbout: 'Lo que está entre corchetes va en una lista; un punto lleva dentro de un objeto.',
    bodies: 'Todos los errores',
    errors: 'Errores',
    everyKey: 'Toda llamada con la clave se puede rechazar con',
    everyBody: 'Toda llamada con un cuerpo se puede rechazar con',
    noKey: 'No necesita clave.',
    shopLink: 'No necesita clave, sino la cookie de un enlace para la tienda.',
    deprecated: 'En desuso.',
    places: { path: 'ruta', query: 'consulta', header: 'encabezado', body: 'cuerpo' },
    types: {
      string: 'texto',
      integer: 'entero',
      number: 'número',
      boolean: 'sí o no',
      object: 'objeto',
      time: 'momento',
      null: 'null',
      list: 'lista de',
    },
    or: 'o',
    upTo: 'hasta',
    characters: 'caracteres',
    code: 'código',
    sentence: 'frase',
  },
};
