import type { AuthDatabase } from '../store/sqlite/keys/auth-database.js';
import {
  AuthFolderCorruptError,
  AuthFolderUnreadableError,
  type Creds,
  type OrganizationKeys,
} from '../store/ports.js';
import { pairingOf } from '../store/sqlite/keys/folder-content.js';
import { SqliteKeys } from '../store/sqlite/keys/key-store.js';
import type { OrganizationId } from '../organization-id.js';
import type { FolderFact, Question, QuestionThatTakesTime, RegisterWrite } from './session-effects.js';
import type { AnswerEvent, OpenedKeys } from './session-events.js';
import type { SessionHouse } from './session-house.js';
import type { SessionRecord } from './session-state.js';

/** All that is durable of one organization session: its keys, their folder and backups, and its entry in the register. */
export class SessionKeys {
  private database: AuthDatabase | null = null;

  constructor(
    private readonly id: OrganizationId,
    private readonly house: Pick<SessionHouse, 'folders' | 'register' | 'sockets' | 'now'>,
  ) {}

  /** What is remembered besides the keys; read once, for afterwards the session knows it. */
  readRecord(): SessionRecord {
    const { id } = this;
    const { register } = this.house;
    return {
      wanted: register.wanted(id),
      wasEverPaired: register.wasEverPaired(id),
      lastLogout: register.lastLogout(id),
      cleanings: register.cleanings(id),
    };
  }

  /** The open keys, for a socket. @throws when none are */
  forSocket(): { keys: OrganizationKeys; creds: Creds } {
    if (!this.database) throw new Error('No keys are open');
    return { keys: new SqliteKeys(this.database), creds: this.database.load() };
  }

  /** Whether the file of the open keys stands under its name; true when none are open. */
  get areInPlace(): boolean {
    return this.database?.isInPlace() ?? true;
  }

  close(): void {
    const { database } = this;
    this.database = null;
    database?.close();
  }

  markPaired(): void {
    this.house.register.markPaired(this.id, this.house.now());
  }

  /** @throws what nobody foresaw; the action fails */
  async answer(question: QuestionThatTakesTime): Promise<AnswerEvent> {
    switch (question.ask) {
      case 'save':
        for (const write of question.writes) this.save(write);
        return { type: 'saved', then: question.then };
      case 'open_keys':
        return this.openKeys(question);
      case 'look_at_folder':
      case 'set_aside':
      case 'remove_keys':
      case 'restore_backup':
        try {
          return this.useFolder(question);
        } catch (cause) {
          if (!(cause instanceof AuthFolderUnreadableError)) throw cause;
          return { type: 'folder_not_moved', code: cause.code, cause, then: question.then };
        }
      case 'choose_backup':
        try {
          this.house.folders.requireBackup(this.id, question.name);
          return { type: 'backup_chosen', then: question.then };
        } catch (cause) {
          if (!(cause instanceof AuthFolderUnreadableError)) throw cause;
          return { type: 'backup_not_chosen', cause };
        }
      default:
        return unknown(question);
    }
  }

  private save(write: RegisterWrite): void {
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

  private openKeys({ then }: Extract<Question, { ask: 'open_keys' }>): AnswerEvent {
    try {
      return { type: 'keys_opened', keys: this.opened(), then };
    } catch (cause) {
      if (cause instanceof AuthFolderUnreadableError) return { type: 'keys_unreadable', code: cause.code, then };
      if (cause instanceof AuthFolderCorruptError) return { type: 'keys_damaged', code: cause.code, cause, then };
      throw cause;
    }
  }

  private opened(): OpenedKeys {
    if (this.database?.isInPlace()) return { from: 'before' };
    this.close();
    const { database, wasNew } = this.house.folders.open(this.id, () => this.house.sockets.newCredentials());
    this.database = database;
    return { from: 'folder', wasNew, phone: pairingOf(database.readCreds()).phoneNumber };
  }

  private useFolder(question: Extract<QuestionThatTakesTime, { ask: FolderQuestion }>): AnswerEvent {
    const { folders, now } = this.house;
    switch (question.ask) {
      case 'look_at_folder':
        return { type: 'looked_at_folder', answer: this.lookAtFolder(question.whether), then: question.then };
      case 'set_aside': {
        const { reason, force, then } = question;
        return { type: 'folder_moved', backup: folders.setAside(this.id, { reason, now: now(), force }), then };
      }
      case 'remove_keys':
        return { type: 'folder_moved', backup: folders.remove(this.id, now()), then: question.then };
      case 'restore_backup':
        return { type: 'backup_restored', backup: folders.restore(this.id, question.name, now()) };
      default:
        return unknown(question);
    }
  }

  private lookAtFolder(whether: FolderFact): boolean {
    const { folders } = this.house;
    switch (whether) {
      case 'is_there':
        return folders.exists(this.id);
      case 'is_missing':
        return unlessUnreadable(false, () => !this.database?.isInPlace() && folders.isMissing(this.id));
      case 'nothing_is_left':
        return unlessUnreadable(false, () => folders.isMissing(this.id) && folders.listBackups(this.id).length === 0);
      case 'has_phone':
        return this.folderHasPhone();
      default:
        return unknown(whether);
    }
  }

  /** Whether the keys in the folder are those of a linked phone; what cannot be read may well be. */
  folderHasPhone(): boolean {
    return unlessUnreadable(true, () => this.house.folders.peek(this.id).paired);
  }
}

type FolderQuestion = 'look_at_folder' | 'set_aside' | 'remove_keys' | 'restore_backup';

function unlessUnreadable(otherwise: boolean, look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

function unknown(value: never): never {
  throw new Error(`Nobody answers ${JSON.stringify(value)}`);
}
