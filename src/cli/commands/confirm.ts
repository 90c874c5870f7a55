import type { Context, Option } from '../command.js';
import { CliError, EXIT } from '../exit-codes.js';
import type { Text } from '../language.js';

export const YES: Option = {
  short: 'y',
  about: { es: 'no pregunta; para scripts', en: 'does not ask; for scripts' },
};

const QUESTION: Text = {
  es: 'Para continuar, escriba el id de la organización ({org}): ',
  en: "To go on, type the organization's id ({org}): ",
};
const NOT_CONFIRMED: Text = { es: 'No se confirmó; no se hizo nada.', en: 'It was not confirmed; nothing was done.' };
const HINT: Text = {
  es: 'Escriba exactamente {org}, o use --yes en un script.',
  en: 'Type exactly {org}, or use --yes in a script.',
};

/** Says what will happen and wants the organization's id typed, so that no slip of the finger costs anybody a scan. */
export async function confirm(context: Context, org: string, whatHappens: Text): Promise<void> {
  if (context.switches.has('yes')) return;
  const { terminal, say } = context;
  terminal.note(say(whatHappens, { org }));
  const typed = await terminal.ask(say(QUESTION, { org }));
  if (typed === org) return;
  // What was piped in shows no line end of its own.
  terminal.note('');
  throw new CliError(EXIT.failed, 'not_confirmed', say(NOT_CONFIRMED), say(HINT, { org }));
}
