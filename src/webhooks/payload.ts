import { eventSentence } from '../events/catalogue.js';
import type { Delivery, Webhook } from './webhook.js';

type Language = 'en' | 'es';

/**
 * What is sent for an event, as Standard Webhooks recommends it: `type`, `timestamp` and `data`. The same at every
 * try.
 */
export function eventBody(
  { name, at, organizationId, eventId, data }: Pick<Delivery, 'name' | 'at' | 'organizationId' | 'eventId' | 'data'>,
  language: Language,
): string {
  return JSON.stringify({
    type: name,
    timestamp: new Date(at).toISOString(),
    data: {
      organization_id: organizationId,
      event_id: String(eventId),
      ...data,
      sentence: eventSentence({ name, data: data as never }, language),
    },
  });
}

const TEST_SENTENCES: Readonly<Record<Language, string>> = {
  en: 'This is a test: nothing happened.',
  es: 'Esto es una prueba: no pasó nada.',
};

/** `webhook.test`, which only a person asks for. */
export function testBody({ webhookId, organizationId }: Webhook, now: number, language: Language): string {
  return JSON.stringify({
    type: 'webhook.test',
    timestamp: new Date(now).toISOString(),
    data: { organization_id: organizationId, webhook_id: webhookId, sentence: TEST_SENTENCES[language] },
  });
}
