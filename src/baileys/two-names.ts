import { jidDecode, type SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys';
import { ProtocolAddress } from 'libsignal';
import type { SignalTransaction } from './signal-transaction.js';

/**
 * A contact has a phone number and a LID, and one Signal session per device. It is kept under the LID as soon as that
 * is known, from whatever source. What stands under the number moves over when the device is next spoken of: so it does
 * not matter when the mapping was learned, nor whether the folder is one of a service before this one. Baileys' own
 * migrateSession moves at that one moment only, only devices of which it keeps a list, and over a newer session.
 */
export class TwoNames {
  constructor(private readonly base: Pick<SignalRepositoryWithLIDStore, 'lidMapping' | 'jidToSignalProtocolAddress'>) {}

  /** Where a device's session is stored. */
  async addressOf(jid: string): Promise<ProtocolAddress> {
    const known = isPhoneNumber(jid) ? await this.base.lidMapping.getLIDForPN(jid) : null;
    return this.signalAddress(known ?? jid);
  }

  /** Where a session of this device may stand besides: under the number. Null when only one name is known. */
  async otherAddressOf(jid: string): Promise<ProtocolAddress | null> {
    const { lidMapping } = this.base;
    if (isPhoneNumber(jid)) return (await lidMapping.getLIDForPN(jid)) ? this.signalAddress(jid) : null;
    const number = await this.numberOf(jid);
    return number === null ? null : this.signalAddress(number);
  }

  /** A device under each of its names that is known. */
  async all(jid: string): Promise<string[]> {
    const other = await (isPhoneNumber(jid) ? this.base.lidMapping.getLIDForPN(jid) : this.numberOf(jid));
    return other ? [jid, other] : [jid];
  }

  /** Where a device's session is stored, after it was moved there. Called with the lock held; asks nobody. */
  async settle(transaction: SignalTransaction, jid: string): Promise<ProtocolAddress> {
    const address = await this.addressOf(jid);
    if (await transaction.hasSession(address.toString())) return address;
    const other = await this.otherAddressOf(jid);
    if (other) await transaction.moveSession(other.toString(), address.toString());
    return address;
  }

  private async numberOf(lid: string): Promise<string | null> {
    const { user, device = 0, server } = jidDecode(lid) ?? {};
    if (!user || (server !== 'lid' && server !== 'hosted.lid')) return null;
    // Baileys looks up no hosted ones (lib/Signal/lid-mapping.js).
    const number = jidDecode((await this.base.lidMapping.getPNForLID(`${user}@lid`)) ?? undefined)?.user;
    const suffix = device ? `:${device}` : '';
    return number ? `${number}${suffix}@${server === 'lid' ? 's.whatsapp.net' : 'hosted'}` : null;
  }

  private signalAddress(jid: string): ProtocolAddress {
    const [user, device] = this.base.jidToSignalProtocolAddress(jid).split('.') as [string, string];
    return new ProtocolAddress(user, Number(device));
  }
}

/** A person's name without device: the digits of a number, `<digits>@lid` of a LID. */
export function personalName(jid: string): string {
  const user = jidDecode(jid)?.user ?? '';
  return isPhoneNumber(jid) ? user : `${user}@lid`;
}

export function isPhoneNumber(jid: string): boolean {
  return jid.endsWith('@s.whatsapp.net') || jid.endsWith('@hosted');
}
