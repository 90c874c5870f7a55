import { configVariables, type ConfigVariable } from '../../src/config.js';
import { CONFIG_WORDS, SECTIONS } from './configuration-words.js';
import { type Language, table, wrapped } from './markdown.js';

type Name = ConfigVariable['name'];

const UNITS = [
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

const PAGE = {
  en: {
    intro: `# Configuration

[Documentation](README.md) · [En español](es/configuration.md)

From the environment, or from \`.env\` in the working directory; the environment goes first. An empty variable is an
absent one. What is wrong, or contradicts another, is named, and the service does not start (exit code 78). A change
needs a restart. \`.env.example\` has the same list, to be copied.`,
    head: ['variable', 'default', 'unit', 'taken', 'meaning'],
    to: 'to',
    over: 'over',
    days: 'days',
  },
  es: {
    intro: `# Configuración

[Documentación](README.md) · [In English](../configuration.md)

Del entorno, o de \`.env\` en el directorio de trabajo; primero vale el entorno. Una variable vacía es como si no
estuviera. Lo que esté mal, o contradiga a otra, se nombra, y el servicio no arranca (código de salida 78). Un
cambio necesita un reinicio. \`.env.example\` trae la misma lista, para copiarla (en inglés).`,
    head: ['variable', 'por defecto', 'unidad', 'admite', 'significado'],
    to: 'a',
    over: 'más de',
    days: 'días',
  },
} as const;

/** docs/configuration.md, made from the schema in src/config.ts and the words beside this file. */
export function configurationPage(language: Language): string {
  const { intro, head } = PAGE[language];
  const parts = inSections().map(({ title, variables }) => {
    const rows = variables.map((one) => [
      `\`${one.name}\``,
      one.fallback === undefined ? '' : `\`${short(one.fallback)}\``,
      unitOf(one, language),
      takenBy(one, language),
      CONFIG_WORDS[one.name][language],
    ]);
    return `## ${title[language]}\n\n${table(head, rows)}`;
  });
  return `${intro}\n\n${parts.join('\n\n')}\n`;
}

/** `.env.example`: every variable with its default, commented out. */
export function envExample(): string {
  const parts = inSections().map(({ title, variables }) => {
    const lines = variables.flatMap(({ name, fallback, unit, values }) => {
      const words = CONFIG_WORDS[name].en + (values ? ` One of: ${values.join(', ')}.` : '');
      const said = unit === 'ms' && fallback !== undefined ? `${words} (${spoken(Number(fallback))})` : words;
      return [...wrapped(said).map((line) => `# ${line}`), `# ${name}=${fallback ?? ''}`];
    });
    return [`# --- ${title.en} ---`, '', ...lines].join('\n');
  });
  const intro = wrapped(
    'What can be set, with the value that holds when nothing is set. ' +
      'To change one: take its `#` away, change it, restart. ' +
      'Variables of the environment go before this file. An empty value counts as absent. ' +
      'Durations are milliseconds. ' +
      'A value that is not valid, or that contradicts another, keeps the service from starting and is named.',
  ).map((line) => `# ${line}`);
  return `${[intro.join('\n'), ...parts].join('\n\n')}\n`;
}

/** The variables in the order of the words, with the heading that each group stands under. */
function inSections() {
  const known = new Map(configVariables().map((one) => [one.name, one]));
  const sections: { title: { en: string; es: string }; variables: ConfigVariable[] }[] = [];
  for (const name of Object.keys(CONFIG_WORDS) as Name[]) {
    const title = SECTIONS[name];
    if (title) sections.push({ title, variables: [] });
    const one = known.get(name);
    if (one) sections.at(-1)?.variables.push(one);
  }
  return sections;
}

function short(value: string | number | boolean): string {
  return typeof value === 'number' ? String(Math.round(value * 10_000) / 10_000) : String(value);
}

function unitOf({ unit, fallback }: ConfigVariable, language: Language): string {
  if (unit === undefined) return '';
  if (unit === 'days') return PAGE[language].days;
  return fallback === undefined ? 'ms' : `ms (${spoken(Number(fallback))})`;
}

function takenBy({ minimum, maximum, values }: ConfigVariable, language: Language): string {
  if (values) return values.map((value) => `\`${value}\``).join(', ');
  if (maximum === undefined || maximum === Number.MAX_SAFE_INTEGER) return '';
  const { to, over } = PAGE[language];
  return minimum === undefined ? `${over} 0 ${to} ${maximum}` : `${minimum} ${to} ${maximum}`;
}

/** 30000 -> `30 s`: in the largest unit that gives a whole number. */
function spoken(ms: number): string {
  const [size, name] = UNITS.find(([size]) => ms >= size && ms % size === 0) ?? [1, 'ms'];
  return `${ms / size} ${name}`;
}
