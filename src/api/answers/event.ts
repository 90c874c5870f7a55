import { z } from 'zod';
import { EVENT_NAMES, type EventName, eventSentence, type ServiceEvent } from '../../events/catalogue.js';
import type { Shape } from '../operation.js';
import type { Language } from '../sentences.js';
import { instant, named, organization, sentence } from './common.js';

export const eventName = z.enum(EVENT_NAMES as [EventName, ...EventName[]]);

/** What comes with events, as their kinds in the catalogue have it. */
type EventValue = string | number | boolean | null;

export const event = named(
  'Event',
  z.object({
    id: z.string().meta({ description: 'Grows; `after` and `Last-Event-ID` speak of it.' }),
    name: eventName,
    organization_id: organization,
    at: instant,
    data: z
      .record(z.string(), z.unknown() as z.ZodType<EventValue>)
      .meta({ description: 'What comes with this kind of event.' }),
    sentence,
  }),
);

export type EventAnswer = Shape<typeof event>;

/** An event in the words of the wire. */
export function eventFields(event: ServiceEvent, language: Language): EventAnswer {
  return {
    id: String(event.id),
    name: event.name,
    organization_id: event.organizationId,
    at: new Date(event.at).toISOString(),
    data: event.data,
    sentence: eventSentence(event, language),
  };
}
