import type { Sentences } from './sentences.js';

const QR_HINT =
  'Open it with GET /api/qr/:organization_id and scan it with the phone: WhatsApp > Linked devices > Link a device.';
const SCAN_AGAIN = 'Call POST /api/start-session and scan the new QR code with the phone.';
const BY_ITSELF = 'Nothing to do: the session tries again by itself at the time in "until".';

export const english: Sentences = {
  errors: {
    invalid_json: { sentence: 'The request body is not valid JSON.', hint: 'Check quotes, commas and braces.' },
    invalid_request: {
      sentence: 'The request is not valid: {fields}.',
      hint: '"fields" says what to correct in each field.',
    },
    invalid_organization_id: {
      sentence: 'The organization id is not valid.',
      hint: 'Use 1 to 64 letters, digits, hyphens or underscores, beginning with a letter or a digit.',
    },
    invalid_phone: {
      sentence: 'The phone number is not valid.',
      hint:
        'Write it with its country code, like +57 300 111 2233; a local number gets the code of the configured ' +
        'country.',
    },
    not_connected: { sentence: 'The session is not connected to WhatsApp, so the message was not sent.' },
    not_on_whatsapp: { sentence: 'That number is not on WhatsApp.', hint: 'Confirm the number with the customer.' },
    message_refused: {
      sentence: 'WhatsApp refused the message.',
      hint: 'Do not simply send it again: the account may be restricted. Look at WhatsApp on the phone.',
    },
    missing_api_key: {
      sentence: 'The API key is missing.',
      hint: 'Send it as x-api-key, or as Authorization: Bearer.',
    },
    wrong_api_key: {
      sentence: 'The API key is wrong.',
      hint: "It is the value of API_KEY in the service's configuration.",
    },
    signed_out: { sentence: 'You are not signed in any more.', hint: 'Sign in again with the API key.' },
    unknown_sign_in_link: {
      sentence: 'This sign-in link was used already, or its ten minutes are over.',
      hint: 'Sign in with the API key, or ask whoever sent the link for a new one.',
    },
    cross_site_request: {
      sentence: 'The request did not come from a page of this service, so it was not done.',
      hint:
        'Use the page of the service itself, or send the API key as x-api-key. ' +
        'Behind a proxy, set PUBLIC_URL to the address that browsers use.',
    },
    unknown_organization: {
      sentence: 'That organization is not known here.',
      hint: 'Check organization_id, or start a session with POST /api/start-session.',
    },
    session_not_started: {
      sentence: 'That organization has no started session.',
      hint: 'Start one with POST /api/start-session and link the phone.',
    },
    unknown_backup: {
      sentence: 'There is no such backup.',
      hint: 'GET /api/backups/:organization_id lists those that exist.',
    },
    unknown_message: {
      sentence: 'There is no message with this id.',
      hint: 'GET /api/messages?organization_id=… lists those of an organization.',
    },
    unknown_shop_link: {
      sentence: 'This link was opened already, or its time is over.',
      hint: 'Ask whoever sent it to you for a new one, and open it once, on the device that shall show the QR code.',
    },
    no_backup: {
      sentence: 'That organization has no backups.',
      hint: 'Link the phone again with POST /api/start-session.',
    },
    unknown_webhook: { sentence: 'There is no such webhook.', hint: 'GET /api/webhooks lists them.' },
    unknown_delivery: {
      sentence: 'That webhook has no such delivery.',
      hint: 'GET /api/webhooks/:webhook_id/deliveries lists them; finished ones are removed after some time.',
    },
    not_found: { sentence: 'There is nothing at this address.', hint: 'Check the path and the method.' },
    method_not_allowed: {
      sentence: 'This address does not take this method.',
      hint: 'The Allow header names those it takes.',
    },
    already_connected: {
      sentence: 'The session is connected already: there is no QR code to show.',
      hint: 'To link another phone, first log out with POST /api/logout.',
    },
    already_paired: {
      sentence: 'The session has a linked phone already.',
      hint: 'To link another phone, first log out with POST /api/logout.',
    },
    state_conflict: { sentence: "The session's present state does not allow this." },
    too_late_to_cancel: {
      sentence: 'The message cannot be taken back: it was handed to WhatsApp already, or it is over anyway.',
      hint: 'Only a message with status queued can be cancelled; "message_status" has the one it is in.',
    },
    message_expired: {
      sentence: 'The time of the message was over before it could be sent; it was not sent.',
      hint:
        'If it still matters, send it as a new message, with another idempotency key and enough time in ' +
        '"expires_at".',
    },
    message_cancelled: {
      sentence: 'The message was cancelled or replaced by a newer one before it was sent; it was not sent.',
      hint: 'Nothing to do, unless "error_code" surprises you; to send it after all, send it as a new message.',
    },
    body_too_large: {
      sentence: 'The request body is too large.',
      hint: 'At most 256 KB; 4 KB where no key is needed.',
    },
    webhook_disabled: {
      sentence: 'The webhook is disabled.',
      hint: 'Enable it with PATCH /api/webhooks/:webhook_id {"enabled": true} and repeat.',
    },
    too_many_webhooks: {
      sentence: 'There are as many webhooks as are allowed.',
      hint: 'Remove one with DELETE /api/webhooks/:webhook_id; 10 are allowed per organization, and 50 global ones.',
    },
    unsupported_media_type: {
      sentence: 'Only JSON is accepted.',
      hint: 'Send the header Content-Type: application/json and an uncompressed body.',
    },
    idempotency_key_reused: {
      sentence: 'This idempotency key stands for another message.',
      hint: 'Use a new key for each message; the same key only for the same phone, text, times and replace_key.',
    },
    too_many_requests: {
      sentence: 'Too many attempts in a row.',
      hint: 'Wait as many seconds as the Retry-After header says.',
    },
    outbox_full: {
      sentence: 'Too many messages of this organization are waiting.',
      hint: "Check the session's status: messages leave as soon as it is connected. Try again later.",
    },
    too_many_streams: {
      sentence: 'Too many event streams are open.',
      hint: 'Close one of them; each resumes where it was.',
    },
    internal_error: {
      sentence: 'An unexpected error happened in the service.',
      hint: "Try again; if it persists, look for this request_id in the service's log.",
    },
    auth_folder_unreadable: {
      sentence: "The session's folder cannot be read or written; nothing was changed.",
      hint: 'Check permissions and disk space of the auth_sessions folder, then start the session again.',
    },
    storage_unavailable: {
      sentence: 'The service cannot write to its disk at the moment; nothing was stored or sent.',
      hint:
        'Repeat the request in a while; whoever runs the service must look after the disk space and ' +
        'permissions of DATA_DIR.',
    },
    shutting_down: { sentence: 'The service is shutting down.', hint: 'Repeat the request in a few seconds.' },
    page_not_built: {
      sentence: "The operator's page has not been built; the API works without it.",
      hint: 'Run npm run build in the folder of the service and start it again.',
    },
    whatsapp_unavailable: {
      sentence: 'There was no answer in time.',
      hint:
        'The action may still be under way: look at GET /api/status/:organization_id, ' +
        'and repeat in a few seconds if needed.',
    },
    send_unconfirmed: {
      sentence: 'WhatsApp did not confirm the message in time: it may have gone out, or not.',
      hint: 'Look on the phone whether the message is there before sending it again.',
    },
  },
  reasons: {
    pairing_rate_limited: {
      sentence: 'WhatsApp gave no code: it was asked for codes too often.',
      hint: 'Scan the QR code instead, or wait some minutes and ask again; WhatsApp did not say how long.',
    },
    pairing_rate_limited_for: {
      sentence: 'WhatsApp gave no code: it was asked for codes too often.',
      hint: 'Scan the QR code instead, or ask again in {seconds} seconds: so long WhatsApp wants to rest.',
    },
    pairing_no_connection: {
      sentence: 'No code could be asked for: there is no connection to WhatsApp yet.',
      hint: 'Wait a few seconds and ask again. If it lasts, look at the network of the service.',
    },
    pairing_refused: {
      sentence: 'WhatsApp gave no code: it refused the request (error {code}).',
      hint: 'Check that this is the number of the phone that is to be linked, or scan the QR code instead.',
    },
    pairing_no_answer: {
      sentence: 'WhatsApp gave no code: it did not answer the request.',
      hint: 'Ask again in a few seconds, or scan the QR code instead.',
    },
    no_phone_linked: {
      sentence: 'No phone is linked now, so the messages have no phone to leave from. Nothing was changed.',
      hint: 'Link a phone first, with POST /api/start-session and a scan. Cancelling the messages needs no phone.',
    },
  },
  fields: {
    required: 'This field is missing.',
    unknown: 'There is no such field.',
    not_an_object: 'The body must be a JSON object.',
    organization_id:
      'Must be a string or an integer: 1 to 64 letters, digits, "-" or "_", ' +
      'beginning with a letter or digit, without "_corrupted_".',
    phone: 'This cannot be a phone number. Examples: 3001112233, +57 300 111 2233, 5511987654321.',
    phone_too_short: 'It has too few digits for a phone number of its country. Example: +57 300 111 2233.',
    phone_too_long: 'It has too many digits for a phone number of its country. Example: +57 300 111 2233.',
    phone_country_code: 'It begins with the code of no country. Example: +57 300 111 2233.',
    phone_not_in_use:
      'Its country has no numbers like this one. ' +
      'If you are sure of it, give it as a chat id: 573001112233@s.whatsapp.net.',
    not_text: 'Must be a string.',
    empty: 'Must not be empty.',
    message_too_long: 'Must have at most 65,536 characters.',
    wait_ms: 'Must be a whole number of milliseconds between 0 and 30000.',
    format: 'Must be json, png or text.',
    backup_name: 'Must be the name of a backup, as GET /api/backups/:organization_id lists it.',
    time: 'Must be a time in ISO 8601 with seconds and zone, like 2026-01-31T15:00:00Z or 2026-01-31T10:00:00-05:00.',
    time_is_past: 'Must be in the future.',
    too_far_ahead: 'Must be at most 30 days ahead.',
    expires_before_send: 'Must be after send_at.',
    one_expiry_only: 'Give either expires_at or ttl_seconds, not both.',
    ttl_seconds: 'Must be a whole number of seconds between 1 and 2592000 (30 days).',
    replace_key: 'Must be a string of 1 to 128 characters.',
    idempotency_key: 'Must have 1 to 255 visible ASCII characters, without spaces.',
    idempotency_keys_differ: 'The Idempotency-Key header has another value; give one of them, or both the same.',
    message_status:
      'Must be one or more of queued, sending, unconfirmed, sent, delivered, read, failed, expired, ' +
      'cancelled, separated by commas.',
    cursor: 'Must be the "next" of the page before.',
    page_size: 'Must be a whole number between 1 and 200.',
    quiet_hours: 'Must be an object with from, to and time_zone, or null.',
    clock_time: 'Must be a time of day between 00:00 and 23:59, like 21:00.',
    same_times: 'Must differ from "from".',
    time_zone: 'Must be an IANA time zone, like America/Bogota.',
    secret: 'Is too long.',
    key_or_token: 'Give either api_key or token, not both.',
    link_minutes: 'Must be a whole number of minutes between 5 and 1440 (a day).',
    poll_wait: 'Must be a whole number of milliseconds between 0 and 25000.',
    version: 'Must be the "version" of the answer before.',
    order: 'Must be asc (oldest first) or desc (newest first).',
    buckets: 'Must be a whole number between 1 and 200.',
    from_after_to: 'Must be at least a minute before "to".',
    span_too_long: 'Must be at most 366 days before "to".',
    host: 'The Host header is no name of a machine; set PUBLIC_URL.',
    url: 'Must be an http or https address of at most 2048 characters, without a user name or password in it.',
    private_address:
      'Leads to this machine or to a private network, which is not allowed here (WEBHOOK_ALLOW_PRIVATE).',
    event_types: 'Must be a list of event names, at least one and each once, or null for all of them.',
    description: 'Must be a text of at most 200 characters, or null.',
    true_or_false: 'Must be true or false.',
    delivery_status: 'Must be waiting, delivered or parked.',
    delivery_id: 'Must be the delivery_id of a delivery.',
    only_parked: 'Must be parked: all of them are then sent again.',
    one_choice_only: 'Give either delivery_id or status, not both.',
    other_phone_action: 'Must be "send" or "cancel".',
    undelivered_after:
      'Must be a whole number of seconds between 0 (never) and 604800 (7 days), or null for the default.',
    session_status:
      'Must be one or more of not_started, connecting, restoring, qr_ready, qr_required, connected, ' +
      'disconnected, logged_out, stopped, separated by commas.',
    session_group: 'Must be one or more of attention, scan, other, connected, separated by commas.',
    session_sort: 'Must be id or need (those that need a person first).',
    session_search: 'Must have 1 to 64 characters.',
    session_ids: 'Must be 1 to 200 organization ids, separated by commas.',
    session_page_size: 'Must be a whole number between 1 and 1000.',
    session_cursor: 'Must be an organization id; with sort=need, the "next" of the page before.',
  },
  statuses: {
    not_started: {
      sentence: 'The organization has no started session.',
      hint: 'Start one with POST /api/start-session.',
    },
    connecting: { sentence: 'The session is connecting to WhatsApp.', hint: 'Wait a few seconds and look again.' },
    restoring: {
      sentence: 'The saved session is being restored.',
      hint: 'Wait a few seconds and look again; no scan is needed.',
    },
    qr_ready: { sentence: 'A QR code is ready to be scanned.', hint: QR_HINT },
    qr_required: {
      sentence: 'A phone must be linked, and there is no valid QR code.',
      hint: 'Ask for one with GET /api/qr/:organization_id: asking makes a new one.',
    },
    connected: { sentence: 'The session is connected to WhatsApp.', hint: 'Nothing to do.' },
    disconnected: {
      sentence: 'The session has no connection to WhatsApp at the moment.',
      hint:
        'If "next_reconnect_at" has a time, it reconnects by itself; ' +
        'if "attention" says something, follow its hint; otherwise call POST /api/start-session.',
    },
    logged_out: { sentence: 'The session is logged out and holds no keys of a phone.', hint: SCAN_AGAIN },
    stopped: {
      sentence: 'The session is stopped; nothing of it was removed.',
      hint: 'Start it with POST /api/start-session whenever you like; no scan is needed if a phone was linked.',
    },
  },
  attention: {
    replaced_once: {
      sentence:
        "WhatsApp says that another program took this session's place; it is tried once more, in case nobody is there.",
      hint:
        'Wait for the time in "until". If another program does use the same keys (a second copy of the ' +
        'service?), stop it.',
    },
    replaced: {
      sentence:
        'Another program keeps logging in with the same keys, and this service does not fight for the connection.',
      hint: 'Stop the other program (a second copy of the service?) and call POST /api/start-session.',
    },
    unlinked: {
      sentence: 'WhatsApp said twice that this device is not linked any more.',
      hint:
        'If the phone still lists the device, POST /api/restore-session puts the keys back. ' +
        'Otherwise call POST /api/start-session and scan the new QR code with the phone.',
    },
    temporary_ban: {
      sentence: 'WhatsApp banned the number for a time.',
      hint:
        'Wait: the session tries again by itself at the time in "until". ' +
        'Write less to people who have not written before.',
    },
    locked: {
      sentence: 'WhatsApp locked the account.',
      hint: 'Open WhatsApp on the phone and follow its instructions, then call POST /api/start-session.',
    },
    banned: {
      sentence: 'WhatsApp banned the number.',
      hint: 'Ask for a review in WhatsApp on the phone, or link another number.',
    },
    version_refused: {
      sentence: 'WhatsApp no longer accepts this client version; no session tries again.',
      hint: 'Update the service (or WA_VERSION), try with one organization only, then start the others.',
    },
    login_rejected: {
      sentence: 'WhatsApp rejected the login several times.',
      hint:
        'Look at "last_disconnect"; try POST /api/restart-session, and if that does not help, ' +
        'POST /api/force-clean-session and a new scan.',
    },
    auth_folder_unreadable: {
      sentence: "The session's folder cannot be read or written; nothing was changed.",
      hint: 'Check permissions and disk space of the auth_sessions folder and call POST /api/start-session.',
    },
    auth_folder_missing: {
      sentence:
        "The session's folder was deleted or moved away, so its keys are gone and no QR code is made by " +
        'itself; accepted messages are kept.',
      hint:
        'If it was a mistake, put the folder back: it is used again within 30 seconds. ' +
        'Otherwise call POST /api/start-session, which begins a new pairing, scan the new QR code, ' +
        'and remove the former device on the phone.',
    },
    outage: {
      sentence: 'Many sessions fail at the same time: it is WhatsApp or the network, and no session is cleaned.',
      hint: "Check the server's network and wait; the sessions reconnect by themselves.",
    },
    cleaning_budget_spent: {
      sentence: 'The session gets corrupted again and was cleaned automatically as often as is allowed in 24 hours.',
      hint:
        'Look for the cause (two programs with the same keys?) ' +
        'and clean by hand with POST /api/force-clean-session.',
    },
    login_cap_reached: { sentence: 'All logins allowed per hour have been used.', hint: BY_ITSELF },
    qr_expired: {
      sentence: 'Nobody scanned the QR code, and it ran out.',
      hint: 'Ask for a new one with GET /api/qr/:organization_id.',
    },
    other_phone: {
      sentence:
        'The phone {phone} was linked last; messages that belong to the phone {former} wait, {messages} in all.',
      hint:
        'Send them all the same with POST /api/other-phone-messages {"action": ' +
        '"send"}, or cancel them with POST /api/other-phone-messages {"action": "cancel"}. ' +
        'When their own phone is linked again, they leave by themselves.',
    },
  },
  logouts: {
    unlinked: { sentence: 'Logged out: WhatsApp unlinked this device, and its keys are removed.', hint: SCAN_AGAIN },
    not_confirmed: {
      sentence:
        'Logged out, but WhatsApp did not confirm it: this device may still be linked. ' +
        'Its keys are in the backup {backup}.',
      hint:
        'Remove the device on the phone: WhatsApp > Linked devices. ' +
        'To link a phone again, call POST /api/start-session and scan the new QR code.',
    },
    keys_missing: {
      sentence:
        'Logged out, but the keys had been deleted or moved away, so WhatsApp could not be asked: ' +
        'this device may still be linked.',
      hint:
        'Remove the device on the phone: WhatsApp > Linked devices. ' +
        'To link a phone again, call POST /api/start-session and scan the new QR code.',
    },
    nothing_linked: {
      sentence: 'Logged out: no phone was linked, so there was nothing to unlink and nothing to keep.',
      hint: SCAN_AGAIN,
    },
    found_unlinked: {
      sentence: 'WhatsApp said twice that this device is not linked any more.',
      hint:
        'If the phone still lists the device, POST /api/restore-session puts the keys back. ' +
        'Otherwise call POST /api/start-session and scan the new QR code with the phone.',
    },
  },
  heldUp: {
    action:
      'An action on this session (a start, a stop, a cleaning, a logout …) has not ended yet, ' +
      'and the next ones wait for it.',
    login_turn: 'The session waits for its turn to log in: logins of other organizations are under way.',
    login: 'WhatsApp has not completed the login yet.',
    keys: 'Work on the keys of this session has not ended yet, and other work waits for it.',
    disk: 'The disk takes long to store, and nothing leaves before it is stored.',
  },
  messages: {
    queued: {
      sentence: 'Message accepted: it is stored and will be sent.',
      hint: 'Nothing to do; DELETE /api/messages/:message_id takes it back while it is queued.',
    },
    sending: {
      sentence: 'The message is being sent: it was handed over, and WhatsApp has not confirmed it yet.',
      hint:
        'Nothing to do: if the answer does not come, it goes out again under the same id, ' +
        'and the customer sees it once.',
    },
    unconfirmed: {
      sentence: 'WhatsApp never confirmed the message: it may have arrived, or not.',
      hint:
        'Look on the phone whether the message is there before sending it again; ' +
        'if a confirmation still comes, this status changes.',
    },
    sent: {
      sentence: 'Message sent: WhatsApp has it.',
      hint: "Nothing to do: WhatsApp brings it to the customer's phone.",
    },
    delivered: { sentence: "The message is on the customer's phone.", hint: 'Nothing to do.' },
    read: { sentence: 'The customer has read the message.', hint: 'Nothing to do.' },
    failed: { sentence: 'The message was not sent.', hint: '"error" says why.' },
    expired: {
      sentence: 'The time of the message was over before it could be sent; it was not sent.',
      hint: "Check the session's status; if the message still matters, send it as a new one.",
    },
    cancelled: { sentence: 'The message was cancelled before it was sent.', hint: '"error" says by whom.' },
  },
  messageErrors: {
    not_on_whatsapp: { sentence: 'That number is not on WhatsApp.', hint: 'Confirm the number with the customer.' },
    recipient_refused: {
      sentence:
        'WhatsApp does not let this number write to that customer: ' +
        'the account is restricted, or the customer never wrote to it.',
      hint:
        'Do not send it again: ask the customer to write first, and write less to people who have not written ' +
        'before.',
    },
    message_refused: {
      sentence: 'WhatsApp refused the message.',
      hint: 'Do not simply send it again: the account may be restricted. Look at WhatsApp on the phone.',
    },
    message_poisoned: {
      sentence: 'The connection to WhatsApp ended twice when this very message was handed over, so it was set aside.',
      hint: 'Look at what is unusual in the text, and send it again in other words.',
    },
    replaced: {
      sentence: 'A newer message with the same replace_key took its place.',
      hint: 'Nothing to do: the newer message goes out.',
    },
    cancelled_by_request: { sentence: 'It was cancelled by request.', hint: 'Nothing to do.' },
  },
  deliveryErrors: {
    timeout: 'The receiver did not answer in time.',
    unreachable: 'The receiver could not be reached, or ended the connection.',
    private_address: 'The address leads to this machine or to a private network, so nothing was sent.',
    redirected: 'The receiver answered with a redirect, which is not followed: give the webhook the final address.',
    refused: 'The receiver answered with an error.',
    gone: 'The receiver answered 410 Gone: it wants nothing any more.',
  },
  waiting: {
    scheduled: 'The message is scheduled and leaves at {at}.',
    quiet_hours: 'It would fall into the quiet hours of the organization and leaves when they are over, at {at}.',
    reconnect: 'The session is connecting by itself, and the message leaves as soon as it is connected.',
    session: 'The message leaves as soon as the session is connected.',
    until: 'The session tries again by itself at {at}.',
    first_contact:
      'WhatsApp refused a message to a new customer, so messages to customers who never got one rest until {at}.',
    turn: 'The session is connected, and the message leaves when its turn comes, at a pace that keeps the number safe.',
    no_answer: 'WhatsApp did not answer a question that comes before the message; it is asked again.',
    rate_limited: 'WhatsApp says that it was asked too much; it is asked again after a pause.',
    number_not_known_yet: 'WhatsApp has not said whether the number is there; it is asked again.',
    no_reachable_device: "None of the customer's devices can be reached at the moment; it is tried again.",
    message_suspected: 'A connection ended when the message was handed over; it goes out by itself, without others.',
    other_phone: 'It belongs to another phone of the organization: somebody must decide whether it may leave.',
    answer: "WhatsApp's answer is awaited; GET /api/messages/:message_id tells when it is there.",
  },
  done: {
    settings_saved: 'Settings saved.',
    other_phone_sent: 'The messages of the former phone leave from the phone that is linked now.',
    other_phone_cancelled: 'The messages of the former phone are taken back.',
    other_phone_unconfirmed:
      'Nothing was left to decide: {unconfirmed} of the former phone were handed over before and may have ' +
      'gone out. They are not tried again.',
    other_phone_partly_sent:
      'Messages of the former phone: {messages} leave from the phone that is linked now; ' +
      '{unconfirmed} were handed over before and may have gone out. Those are not tried again.',
    other_phone_partly_unconfirmed:
      'Messages of the former phone: {messages} are taken back; ' +
      '{unconfirmed} were handed over before and may have gone out. Those are not tried again.',
    other_phone_nothing: 'No message waits for another phone.',
    phone_linked: 'The phone is linked: you may close this page.',
    webhook_created: 'Webhook created. Keep the secret now: it is not shown again.',
    webhook_changed: 'Webhook changed.',
    webhook_removed: 'Webhook removed, with everything that waited for it.',
    secret_rotated:
      'There is a new secret: keep it now, it is not shown again. The old one signs beside it for 24 hours.',
    test_delivered: 'The receiver took the test.',
    test_failed: 'The receiver did not take the test.',
    redelivering: 'Deliveries were put back into their line and go out in order.',
    cleaned: 'Session cleaned: the old folder was set aside as a backup and the session begins anew.',
    cleaned_nothing_to_keep: 'Session cleaned: no phone had been linked, so no backup was kept.',
    not_cleaned_connected: 'Nothing needed cleaning: the session is connected with the keys it has.',
    not_cleaned: 'Nothing was cleaned (with "force": true it is cleaned all the same).',
    not_cleaned_on_its_way:
      'Nothing was cleaned: the keys are good and the session logs in with them by itself. ' +
      'With "force": true it is cleaned all the same.',
    stopped: 'Session stopped: nothing was removed, and it will not start by itself.',
    restarted: 'Session restarted: nothing was set aside or removed.',
    pairing_code: 'The code is ready to be typed on the phone.',
    type_the_code:
      'Type this code on the phone: WhatsApp > Linked devices > Link a device > Link with phone number instead.',
    restored: 'Backup restored.',
  },
};
