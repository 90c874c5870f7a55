import type { Command } from '../command.js';
import { backups, clean, restore } from './clean-and-restore.js';
import { completionCommand } from './completion.js';
import { doctor } from './doctor.js';
import { events } from './events.js';
import { cancel, message } from './message.js';
import { messages } from './messages.js';
import { otherPhone } from './other-phone.js';
import { qr } from './qr.js';
import { send } from './send.js';
import { logout, restart, start, stop } from './sessions.js';
import { status } from './status.js';
import { webhooks } from './webhooks.js';

/** Everything the program can do, in the order in which its help tells it. */
export const COMMANDS: readonly Command[] = [
  start,
  qr,
  status,
  send,
  messages,
  message,
  cancel,
  otherPhone,
  stop,
  restart,
  logout,
  clean,
  backups,
  restore,
  events,
  webhooks,
  doctor,
  completionCommand(() => COMMANDS),
];
