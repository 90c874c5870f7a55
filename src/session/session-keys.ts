import type { Logger } from '../logger.js';
import type { OrganizationId } from '../organization-id.js';
import {
  AuthFolderCorruptError,
  AuthFolderUnreadableError,
  type Creds,
  type OrganizationKeys,
} from '../store/ports.js';
import { errorText } from './session-driver.js';
import type { FolderFact, Question, QuestionThatTakesTime, RegisterWrite } from './session-effects.js';
import type { AnswerEvent, OpenedKeys } from './session-events.js';
import type { SessionHouse } from './session-house.js';

/** Keys that are open, and the credentials as they stand in them. */
export interface KeysInUse {
  readonly keys: OrganizationKeys;
  readonly creds: Creds;
}

/**
 * All that is durable of one organization session: its keys, their folder and backups, and its entry in the register.
 */
export class SessionKeys {
  private inUse: KeysInUse | null = null;

  constructor(
    private readonly id: OrganizationId,
    private readonly house: Pick<SessionHouse, 'keyStore' | 'register' | 'sockets' | 'now'>,
    private readonly logger: Logger,
  ) {}

  /** What the last `open_keys` opened, for a socket. @throws when nothing is open */
  forSocket(): KeysInUse {
    if (!this.inUse) throw new Error('No keys are open');
    return this.inUse;
  }

  /** Whether the open keys are where they were opened; true when none are open. Never rejects. */
  async areInPlace(): Promise<boolean> {
    return (await this.inUse?.keys.isInPlace()) ?? true;
  }

  /** What is asked of the keys afterwards comes after. */
  close(): void {
    const { inUse } = this;
    this.inUse = null;
    inUse?.keys.close().catch((error: unknown) => {
      this.logger.error({ event: 'action_failed', err: errorText(error) }, 'The keys were not closed in good order.');
    });
  }

  markPaired(): Promise<void> {
    return this.house.register.markPaired(this.id, this.house.now());
  }

  /** @throws what nobody foresaw; the action fails */
  async answer(question: QuestionThatTakesTime): Promise<AnswerEvent> {
    switch (question.ask) {
      case 'save':
        for (const write of question.writes) await this.save(write);
        return { type: 'saved', then: question.then };
      case 'open_keys':
        return this.openKeys(question);
      case 'look_at_folder':
      case 'set_aside':
      case 'remove_keys':
      case 'restore_backup':
        try {
          return await this.useFolder(question);
        } catch (cause) {
          if (!(cause instanceof AuthFolderUnreadableError)) throw cause;
          return { type: 'folder_not_moved', code: cause.code, cause, then: question.then };
        }
      case 'choose_backup':
        try {
          await this.house.keyStore.requireBackup(this.id, question.name);
          return { type: 'backup_chosen', then: question.then };
        } catch (cause) {
          if (!(cause instanceof AuthFolderUnreadableError)) throw cause;
          return { type: 'backup_not_chosen', cause };
        }
      default:
        return unknown(question);
    }
  }

  private save(write: RegisterWrite): Promise<void> {
    const { register } = this.house;
    switch (write.write) {
      case 'wanted':
        return register.setWanted(this.id, write.wanted);
      case 'logged_out':
        return register.loggedOut(this.id, write.logout);
      case 'cleaning':
        return register.recordCleaning(this.id, write.cleaning);
      default:
        return unknown(write);
    }
  }

  private async openKeys({ then }: Extract<Question, { ask: 'open_keys' }>): Promise<AnswerEvent> {
    try {
      return { type: 'keys_opened', keys: await this.opened(), then };
    } catch (cause) {
      if (cause instanceof AuthFolderUnreadableError) return { type: 'keys_unreadable', code: cause.code, then };
      if (cause instanceof AuthFolderCorruptError) return { type: 'keys_damaged', code: cause.code, cause, then };
      throw cause;
    }
  }

  private async opened(): Promise<OpenedKeys> {
    const { id, inUse } = this;
    if (inUse && (await inUse.keys.isInPlace())) {
      try {
        this.inUse = { keys: inUse.keys, creds: await inUse.keys.load() };
        return { from: 'before' };
      } catch (error) {
        // What cannot be read may be set aside next, and then nobody may have it open.
        this.close();
        throw error;
      }
    }
    this.close();
    const { keyStore, sockets, now } = this.house;
    const { keys, creds, wasNew, pairing } = await keyStore.open(id, () => sockets.newCredentials(), now());
    this.inUse = { keys, creds };
    return { from: 'folder', wasNew, phone: pairing.phoneNumber };
  }

  private async useFolder(question: Extract<QuestionThatTakesTime, { ask: FolderQuestion }>): Promise<AnswerEvent> {
    const { keyStore, now } = this.house;
    switch (question.ask) {
      case 'look_at_folder':
        return { type: 'looked_at_folder', answer: await this.lookAtFolder(question.whether), then: question.then };
      case 'set_aside': {
        const { reason, force, then } = question;
        return { type: 'folder_moved', backup: await keyStore.setAside(this.id, { reason, now: now(), force }), then };
      }
      case 'remove_keys':
        return { type: 'folder_moved', backup: await keyStore.remove(this.id, now()), then: question.then };
      case 'restore_backup':
        return { type: 'backup_restored', backup: await keyStore.restore(this.id, question.name, now()) };
      default:
        return unknown(question);
    }
  }

  private lookAtFolder(whether: FolderFact): Promise<boolean> {
    const { id, inUse } = this;
    const { keyStore } = this.house;
    switch (whether) {
      case 'is_there':
        return keyStore.exists(id);
      case 'is_missing':
        return unlessUnreadable(false, async () => !(await inUse?.keys.isInPlace()) && (await keyStore.isMissing(id)));
      case 'nothing_is_left':
        return unlessUnreadable(
          false,
          async () => (await keyStore.isMissing(id)) && (await keyStore.backups(id)).length === 0,
        );
      case 'has_phone':
        return this.folderHasPhone();
      default:
        return unknown(whether);
    }
  }

  /** Whether the keys in the folder are those of a linked phone; what cannot be read may well be. */
  folderHasPhone(): Promise<boolean> {
    return unlessUnreadable(true, async () => (await this.house.keyStore.peek(this.id)).paired);
  }
}

type FolderQuestion = 'look_at_folder' | 'set_aside' | 'remove_keys' | 'restore_backup';

async function unlessUnreadable(otherwise: boolean, look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look();
  } catch {
    return otherwise;
  }
}

function unknown(value: never): never {
  throw new Error(`Nobody answers ${JSON.stringify(value)}`);
}
