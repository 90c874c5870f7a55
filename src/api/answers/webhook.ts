import type { Backlog, Delivery, Failure, Webhook } from '../../webhooks/webhook.js';
import { isoTime } from './session.js';
import type { Sentences } from '../sentences.js';

/** Webhooks and their deliveries in the words of the wire. Never their secrets. */

/** Why a try was no success. */
export function failureFields({ code, httpStatus, reason }: Omit<Failure, 'at'>, sentences: Sentences) {
  return { code, http_status: httpStatus, reason, sentence: sentences.deliveryErrors[code] };
}

export function webhookFields(webhook: Webhook, backlog: Backlog, sentences: Sentences) {
  const { lastFailure } = webhook;
  return {
    webhook_id: webhook.webhookId,
    organization_id: webhook.organizationId,
    url: webhook.url,
    event_types: webhook.eventTypes,
    description: webhook.description,
    enabled: webhook.disabledReason === null,
    disabled_reason: webhook.disabledReason,
    created_at: isoTime(webhook.createdAt),
    waiting: backlog.waiting,
    parked: backlog.parked,
    last_delivered_at: isoTime(webhook.lastDeliveredAt),
    last_failure: lastFailure && { ...failureFields(lastFailure, sentences), at: isoTime(lastFailure.at) },
    next_try_at: isoTime(backlog.nextTryAt),
  };
}

export function deliveryFields(delivery: Delivery, sentences: Sentences) {
  return {
    delivery_id: delivery.deliveryId,
    event_id: String(delivery.eventId),
    type: delivery.name,
    organization_id: String(delivery.organizationId),
    at: isoTime(delivery.at),
    status: delivery.state,
    attempts: delivery.attempts,
    last_try_at: isoTime(delivery.lastTryAt),
    finished_at: isoTime(delivery.finishedAt),
    error: delivery.lastError && failureFields(delivery.lastError, sentences),
  };
}
