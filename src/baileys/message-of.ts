import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { toWhatsApp, type Content } from '../content/content.js';

const SECRET_BYTES = 32;

/**
 * What Baileys' sendMessage makes of a content, without a second id and a copy that nobody looks at: the content, and a
 * secret with which a customer can report the message (lib/Utils/messages.js, generateWAMessageContent).
 */
export function messageOf(content: Content): proto.IMessage {
  const message = proto.Message.fromObject(toWhatsApp(content));
  if (hasSecret(message)) {
    message.messageContextInfo = { ...message.messageContextInfo, messageSecret: randomBytes(SECRET_BYTES) };
  }
  return message;
}

/** As lib/Utils/reporting-utils.js, shouldIncludeReportingToken. */
function hasSecret(message: proto.IMessage): boolean {
  const { reactionMessage, encReactionMessage, encEventResponseMessage, pollUpdateMessage } = message;
  return !reactionMessage && !encReactionMessage && !encEventResponseMessage && !pollUpdateMessage;
}
