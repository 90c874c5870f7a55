-- outbox.sqlite as release 0.3.1 left it, written by its own code: a message in every state, one whose text is erased.
PRAGMA user_version = 1;
CREATE TABLE messages (
  -- Rows are never deleted, so no seq comes twice.
  seq INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL UNIQUE,
  organization_id TEXT NOT NULL,
  phone TEXT NOT NULL,
  chat_id TEXT,
  text TEXT,
  state TEXT NOT NULL,
  error_code TEXT,
  ack_code INTEGER,
  replace_key TEXT,
  idempotency_key TEXT,
  request_hash BLOB,
  attempts INTEGER NOT NULL DEFAULT 0,
  first_try_at INTEGER,
  send_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  settled_at INTEGER,
  times TEXT NOT NULL
  ) STRICT;
CREATE INDEX messages_pending ON messages (organization_id, seq) WHERE state IN ('queued', 'sending');
CREATE INDEX messages_expiring ON messages (expires_at) WHERE state = 'queued';
CREATE INDEX messages_replaceable ON messages (organization_id, replace_key) WHERE state = 'queued' AND replace_key IS NOT NULL;
CREATE UNIQUE INDEX messages_idempotent ON messages (organization_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX messages_idempotent_age ON messages (created_at) WHERE idempotency_key IS NOT NULL;
CREATE INDEX messages_with_text ON messages (settled_at) WHERE text IS NOT NULL AND settled_at IS NOT NULL;
CREATE INDEX messages_by_organization ON messages (organization_id, seq);
CREATE INDEX messages_by_phone ON messages (organization_id, phone, seq);
CREATE TABLE chats (
  phone TEXT PRIMARY KEY,
  chat_id TEXT,
  resolved_at INTEGER NOT NULL
  ) STRICT;
CREATE TABLE contacts (
  organization_id TEXT NOT NULL,
  phone TEXT NOT NULL,
  PRIMARY KEY (organization_id, phone)
  ) STRICT, WITHOUT ROWID;
CREATE TABLE organization_settings (
  organization_id TEXT PRIMARY KEY,
  quiet_hours TEXT,
  first_contacts_paused_until INTEGER NOT NULL DEFAULT 0
  ) STRICT;
INSERT INTO messages VALUES (1, '3EB0D4D97A31625F130B76', '2', '573109998860', '573109998860@s.whatsapp.net', NULL, 'delivered', NULL, NULL, NULL, NULL, NULL, 1, 1790866801020, 1790866801000, 1796050801000, 1790866801000, 1790866801110, '{"queued":1790866801000,"sending":1790866801020,"sent":1790866801110,"delivered":1790866801115}');
INSERT INTO messages VALUES (2, '3EB0E2A3E83784C7D45433', '2', '573109998861', NULL, 'Queued, with "quotes", a \ and ñandú 🐦
and a second line', 'queued', NULL, NULL, NULL, NULL, NULL, 0, NULL, 1791558002115, 1796742002115, 1791558002115, NULL, '{"queued":1791558002115}');
INSERT INTO messages VALUES (3, '3EB0DEBDB0F6727A191871', '2', '573109998862', NULL, 'Queued for December', 'queued', NULL, NULL, NULL, NULL, NULL, 0, NULL, 1798124400000, 1798243200000, 1791558003115, NULL, '{"queued":1791558003115}');
INSERT INTO messages VALUES (4, '3EB0E3896F19DD273B463A', '2', '573109998863', NULL, 'Queued, with keys', 'queued', NULL, NULL, 'booking:7', 'booking-7', X'62FEF0FACD203036BE3928A7984D51E50D045AC0EE28C131BF7C27B819CD84DE', 0, NULL, 1791558004115, 1796742004115, 1791558004115, NULL, '{"queued":1791558004115}');
INSERT INTO messages VALUES (5, '3EB07B75EC5DD68BD7A026', '2', '573109998864', '573109998864@s.whatsapp.net', 'Sending', 'sending', NULL, NULL, NULL, NULL, NULL, 1, 1791558005135, 1791558005115, 1796742005115, 1791558005115, NULL, '{"queued":1791558005115,"sending":1791558005135}');
INSERT INTO messages VALUES (6, '3EB03D76AE48B695ECE899', '2', '573109998865', '573109998865@s.whatsapp.net', 'Sending, tried twice', 'sending', NULL, NULL, NULL, NULL, NULL, 2, 1791558006245, 1791558006225, 1796742006225, 1791558006225, NULL, '{"queued":1791558006225,"sending":1791558006245}');
INSERT INTO messages VALUES (7, '3EB0EDAB9F6106BB1983A6', '2', '573109998866', '573109998866@s.whatsapp.net', 'Unconfirmed', 'unconfirmed', NULL, NULL, NULL, NULL, NULL, 1, 1791558007355, 1791558007335, 1796742007335, 1791558007335, 1791558007445, '{"queued":1791558007335,"sending":1791558007355,"unconfirmed":1791558007445}');
INSERT INTO messages VALUES (8, '3EB047F1F810F7E6129AB5', '2', '573109998867', '573109998867@s.whatsapp.net', 'Sent', 'sent', NULL, NULL, NULL, NULL, NULL, 1, 1791558008465, 1791558008445, 1796742008445, 1791558008445, 1791558008555, '{"queued":1791558008445,"sending":1791558008465,"sent":1791558008555}');
INSERT INTO messages VALUES (9, '3EB0533882BD0237DF2276', '2', '573109998868', '573109998868@s.whatsapp.net', 'Delivered', 'delivered', NULL, NULL, NULL, NULL, NULL, 1, 1791558009575, 1791558009555, 1796742009555, 1791558009555, 1791558009665, '{"queued":1791558009555,"sending":1791558009575,"sent":1791558009665,"delivered":1791558010365}');
INSERT INTO messages VALUES (10, '3EB05FA7D1F73AA353839A', '2', '573109998869', '573109998869@s.whatsapp.net', 'Read', 'read', NULL, NULL, NULL, NULL, NULL, 1, 1791558011385, 1791558011365, 1796742011365, 1791558011365, 1791558011475, '{"queued":1791558011365,"sending":1791558011385,"sent":1791558011475,"delivered":1791558012175,"read":1791558013075}');
INSERT INTO messages VALUES (11, '3EB0295839EA8B094AB8B8', '2', '573109998870', '573109998870@s.whatsapp.net', 'Failed, refused', 'failed', 'recipient_refused', 463, NULL, NULL, NULL, 1, 1791558014095, 1791558014075, 1796742014075, 1791558014075, 1791558014185, '{"queued":1791558014075,"sending":1791558014095,"failed":1791558014185}');
INSERT INTO messages VALUES (12, '3EB0353DF276893155C3DB', '2', '573109998871', NULL, 'Failed, nobody there', 'failed', 'not_on_whatsapp', NULL, NULL, NULL, NULL, 0, NULL, 1791558015185, 1796742015185, 1791558015185, 1791558015185, '{"queued":1791558015185,"failed":1791558015185}');
INSERT INTO messages VALUES (13, '3EB0D631A7AF0F75946345', '2', '573109998872', NULL, 'Expired', 'expired', NULL, NULL, NULL, NULL, NULL, 0, NULL, 1791558016185, 1791558017185, 1791558016185, 1791558019185, '{"queued":1791558016185,"expired":1791558019185}');
INSERT INTO messages VALUES (14, '3EB0F7DAC06A09A5490AA5', '2', '573109998873', NULL, 'Cancelled', 'cancelled', 'cancelled_by_request', NULL, NULL, NULL, NULL, 0, NULL, 1791558020185, 1796742020185, 1791558020185, 1791558020185, '{"queued":1791558020185,"cancelled":1791558020185}');
INSERT INTO messages VALUES (15, '3EB08FC0D05859EDA3F9D2', '2', '573109998874', NULL, 'Cancelled, replaced', 'cancelled', 'replaced', NULL, 'booking:8', NULL, NULL, 0, NULL, 1791558021185, 1796742021185, 1791558021185, 1791558022185, '{"queued":1791558021185,"cancelled":1791558022185}');
INSERT INTO messages VALUES (16, '3EB02FF81FA6D30BC0EEB7', '2', '573109998875', NULL, 'Queued in its place', 'queued', NULL, NULL, 'booking:8', NULL, NULL, 0, NULL, 1791558022185, 1796742022185, 1791558022185, NULL, '{"queued":1791558022185}');
INSERT INTO messages VALUES (17, '3EB0BB0F1A1DEBE5D6C5D4', '3', '573109998876', NULL, 'Another organization''s', 'queued', NULL, NULL, NULL, NULL, NULL, 0, NULL, 1791558023185, 1796742023185, 1791558023185, NULL, '{"queued":1791558023185}');
INSERT INTO chats (phone, chat_id, resolved_at) VALUES ('573109998860', '573109998860@s.whatsapp.net', 1790866801000);
INSERT INTO chats (phone, chat_id, resolved_at) VALUES ('573109998864', '573109998864@s.whatsapp.net', 1791558005115);
INSERT INTO chats (phone, chat_id, resolved_at) VALUES ('573109998865', '573109998865@s.whatsapp.net', 1791558006225);
INSERT INTO chats (phone, chat_id, resolved_at) VALUES ('573109998866', '573109998866@s.whatsapp.net', 1791558007335);
INSERT INTO chats (phone, chat_id, resolved_at) VALUES ('573109998867', '573109998867@s.whatsapp.net', 1791558008445);
INSERT INTO chats (phone, chat_id, resolved_at) VALUES ('573109998868', '573109998868@s.whatsapp.net', 1791558009555);
INSERT INTO chats (phone, chat_id, resolved_at) VALUES ('573109998869', '573109998869@s.whatsapp.net', 1791558011365);
INSERT INTO chats (phone, chat_id, resolved_at) VALUES ('573109998870', '573109998870@s.whatsapp.net', 1791558014075);
INSERT INTO chats (phone, chat_id, resolved_at) VALUES ('573109998871', NULL, 1791558015185);
INSERT INTO contacts (organization_id, phone) VALUES ('2', '573109998860');
INSERT INTO contacts (organization_id, phone) VALUES ('2', '573109998867');
INSERT INTO contacts (organization_id, phone) VALUES ('2', '573109998868');
INSERT INTO contacts (organization_id, phone) VALUES ('2', '573109998869');
INSERT INTO organization_settings (organization_id, quiet_hours, first_contacts_paused_until) VALUES ('2', '{"from":"21:00","to":"08:00","timeZone":"America/Bogota"}', 0);
INSERT INTO organization_settings (organization_id, quiet_hours, first_contacts_paused_until) VALUES ('3', NULL, 1791561623185);
