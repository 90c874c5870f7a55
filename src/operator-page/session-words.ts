import type { ListedSession, SessionStatus, Status } from './answers.js';
import { formatSoonest } from './format.js';
import { words } from './settings.js';

/** Whose sentence names what only the service knows. */
const WITH_FACTS: ReadonlySet<string> = new Set(['other_phone']);

interface Told {
  status: Status;
  attention: string | null;
  logout: string | null;
  sentence: string | undefined;
  hint: string | undefined;
  next_reconnect_at: string | null;
  until: string | null;
}

export function sayListed(session: ListedSession): { sentence: string; step: string } {
  return say({
    ...session,
    logout: session.logout ?? null,
    sentence: session.sentence,
    hint: session.hint,
    until: null,
  });
}

export function saySession(session: SessionStatus): { sentence: string; step: string } {
  const { attention } = session;
  return say({
    ...session,
    attention: attention?.code ?? null,
    logout: session.logout?.outcome ?? null,
    sentence: attention?.sentence ?? session.sentence,
    hint: attention?.hint ?? session.hint,
    until: attention?.until ?? null,
  });
}

/**
 * What is the matter, and what to do: for people with buttons. The service's own hints name routes; they are for what
 * this page does not know.
 */
function say({ status, attention, logout, sentence, hint, next_reconnect_at: next, until }: Told): {
  sentence: string;
  step: string;
} {
  const { sentence: sentences, step: steps, attention: reasons, logouts, nextTry } = words.value;
  const known = attention === null ? (logout === null ? undefined : logouts[logout]) : reasons[attention];
  if (attention !== null && !known) return { sentence: sentence ?? attention, step: hint ?? '' };
  const told = attention !== null && WITH_FACTS.has(attention) ? sentence : undefined;
  const said = told ?? known?.[0] ?? sentences[status] ?? sentence ?? status;
  const step = known?.[1] ?? steps[status] ?? hint ?? '';
  const when = until ?? (status === 'disconnected' ? next : null);
  return { sentence: said, step: when ? `${step} ${nextTry(formatSoonest(when))}` : step };
}
