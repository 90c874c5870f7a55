import { eventSentence, type ServiceEvent } from '../../events/catalogue.js';
import type { Language } from '../sentences.js';

/** An event in the words of the wire. */
export function eventFields(event: ServiceEvent, language: Language) {
  return {
    id: String(event.id),
    name: event.name,
    organization_id: event.organizationId,
    at: new Date(event.at).toISOString(),
    data: event.data,
    sentence: eventSentence(event, language),
  };
}
