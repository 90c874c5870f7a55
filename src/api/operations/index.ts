import { listEvents } from './events/list-events.js';
import { streamEvents } from './events/stream-events.js';
import { forceCleanSession } from './keys/force-clean-session.js';
import { listBackups } from './keys/list-backups.js';
import { restoreSession } from './keys/restore-session.js';
import { cancelMessage } from './messages/cancel-message.js';
import { decideOtherPhoneMessages } from './messages/decide-other-phone-messages.js';
import { getMessage } from './messages/get-message.js';
import { getOrganizationSettings } from './messages/get-organization-settings.js';
import { listMessages } from './messages/list-messages.js';
import { sendMessage } from './messages/send-message.js';
import { setOrganizationSettings } from './messages/set-organization-settings.js';
import { getCharts } from './page/get-charts.js';
import { getService } from './page/get-service.js';
import { getShopPairingCode } from './page/get-shop-pairing-code.js';
import { getShopSession } from './page/get-shop-session.js';
import { getSignIn } from './page/get-sign-in.js';
import { makeShopLink } from './page/make-shop-link.js';
import { makeSignInLink } from './page/make-sign-in-link.js';
import { openShopLink } from './page/open-shop-link.js';
import { pageAsset } from './page/page-asset.js';
import { page } from './page/page.js';
import { shopPage } from './page/shop-page.js';
import { signIn } from './page/sign-in.js';
import { signOut } from './page/sign-out.js';
import { docs } from './service/docs.js';
import { health } from './service/health.js';
import { live } from './service/live.js';
import { metrics } from './service/metrics.js';
import { openapi } from './service/openapi.js';
import { ready } from './service/ready.js';
import { getQr } from './sessions/get-qr.js';
import { getStatus } from './sessions/get-status.js';
import { listSessions } from './sessions/list-sessions.js';
import { logout } from './sessions/logout.js';
import { restartSession } from './sessions/restart-session.js';
import { startSession } from './sessions/start-session.js';
import { stopSession } from './sessions/stop-session.js';
import { changeWebhook } from './webhooks/change-webhook.js';
import { createWebhook } from './webhooks/create-webhook.js';
import { getWebhook } from './webhooks/get-webhook.js';
import { listDeliveries } from './webhooks/list-deliveries.js';
import { listWebhooks } from './webhooks/list-webhooks.js';
import { redeliver } from './webhooks/redeliver.js';
import { removeWebhook } from './webhooks/remove-webhook.js';
import { rotateWebhookSecret } from './webhooks/rotate-webhook-secret.js';
import { testWebhook } from './webhooks/test-webhook.js';

/** Every operation of the service, in the order of the document. A new one is its file and a line here. */
export const OPERATIONS = [
  startSession,
  getQr,
  getStatus,
  listSessions,
  stopSession,
  restartSession,
  logout,
  forceCleanSession,
  listBackups,
  restoreSession,
  sendMessage,
  listMessages,
  getMessage,
  cancelMessage,
  decideOtherPhoneMessages,
  getOrganizationSettings,
  setOrganizationSettings,
  listEvents,
  streamEvents,
  createWebhook,
  listWebhooks,
  getWebhook,
  changeWebhook,
  removeWebhook,
  rotateWebhookSecret,
  testWebhook,
  listDeliveries,
  redeliver,
  signIn,
  getSignIn,
  signOut,
  makeSignInLink,
  makeShopLink,
  openShopLink,
  getShopSession,
  getShopPairingCode,
  getCharts,
  getService,
  page,
  shopPage,
  pageAsset,
  health,
  live,
  ready,
  metrics,
  openapi,
  docs,
] as const;
