import { z } from 'zod';
import {
  type Backlog,
  type Delivery,
  DELIVERY_ERRORS,
  DELIVERY_STATES,
  type Failure,
  type Webhook,
} from '../../webhooks/webhook.js';
import type { Shape } from '../operation.js';
import type { Sentences } from '../sentences.js';
import { count, instant, instantOrNull, isoTime, named, organization, sentence, success } from './common.js';
import { eventName } from './event.js';

/** Webhooks and their deliveries in the words of the wire. Never their secrets. */

export const webhookId = z.string().meta({ description: "The webhook's id." });
export const secret = z.string().meta({ description: 'For Standard Webhooks libraries; shown now and not again.' });
export const deliveryError = z.object({
  code: z.enum(DELIVERY_ERRORS),
  http_status: z.int().nullable().meta({ description: "The receiver's answer, if there was one." }),
  reason: z.string().nullable().meta({ description: 'What the system says when there was none, like `ECONNREFUSED`.' }),
  sentence,
});
export const webhook = named(
  'Webhook',
  z.object({
    webhook_id: webhookId,
    organization_id: z.string().nullable().meta({ description: 'Null: the events of all organizations.' }),
    url: z.string(),
    event_types: z.array(eventName).nullable().meta({ description: 'Null: all.' }),
    description: z.string().nullable(),
    enabled: z.boolean(),
    disabled_reason: z.enum(['by_request', 'gone']).nullable(),
    created_at: instant,
    waiting: count.meta({ description: 'Deliveries that wait.' }),
    parked: count.meta({ description: 'Deliveries that were given up and can be sent again.' }),
    last_delivered_at: instantOrNull,
    last_failure: deliveryError.extend({ at: instant }).nullable(),
    next_try_at: instantOrNull.meta({
      description: 'When a line that waits after a failure is tried again; the first of them.',
    }),
  }),
);
/** What was done with a webhook, and how it is now. */
export const doneWithWebhook = { success, message: sentence, ...webhook.shape };

export const delivery = z.object({
  delivery_id: z.string().meta({ description: 'The header `webhook-id`, the same at every try.' }),
  event_id: z.string(),
  type: eventName,
  organization_id: organization,
  at: instant,
  status: z.enum(DELIVERY_STATES),
  attempts: count,
  last_try_at: instantOrNull,
  finished_at: instantOrNull,
  error: deliveryError.nullable(),
});

/** Why a try was no success. */
export function failureFields(
  { code, httpStatus, reason }: Omit<Failure, 'at'>,
  sentences: Sentences,
): Shape<typeof deliveryError> {
  return { code, http_status: httpStatus, reason, sentence: sentences.deliveryErrors[code] };
}

export function webhookFields(one: Webhook, backlog: Backlog, sentences: Sentences): Shape<typeof webhook> {
  const { lastFailure } = one;
  return {
    webhook_id: one.webhookId,
    organization_id: one.organizationId,
    url: one.url,
    event_types: one.eventTypes,
    description: one.description,
    enabled: one.disabledReason === null,
    disabled_reason: one.disabledReason,
    created_at: isoTime(one.createdAt),
    waiting: backlog.waiting,
    parked: backlog.parked,
    last_delivered_at: isoTime(one.lastDeliveredAt),
    last_failure: lastFailure && { ...failureFields(lastFailure, sentences), at: isoTime(lastFailure.at) },
    next_try_at: isoTime(backlog.nextTryAt),
  };
}

export function deliveryFields(one: Delivery, sentences: Sentences): Shape<typeof delivery> {
  return {
    delivery_id: one.deliveryId,
    event_id: String(one.eventId),
    type: one.name,
    organization_id: String(one.organizationId),
    at: isoTime(one.at),
    status: one.state,
    attempts: one.attempts,
    last_try_at: isoTime(one.lastTryAt),
    finished_at: isoTime(one.finishedAt),
    error: one.lastError && failureFields(one.lastError, sentences),
  };
}
