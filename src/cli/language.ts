/** The two languages of the service. Sentences stand in both, side by side, where they are used. */
export type Language = 'es' | 'en';
export type Text = Readonly<Record<Language, string>>;

const LANGUAGES: readonly Language[] = ['es', 'en'];

/** `es`, `es_CO.UTF-8`, `en-US` -> the language; null for others, and for `C`. */
export function languageOf(locale: string | undefined): Language | null {
  const [name] = /^[a-z]+/i.exec(locale ?? '') ?? [];
  return LANGUAGES.find((language) => language === name?.toLowerCase()) ?? null;
}

/** `--lang` decides, then the terminal's locale in POSIX' order, then the service's own default. */
export function chooseLanguage(
  asked: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Language {
  const { LC_ALL, LC_MESSAGES, LANG, DEFAULT_LANGUAGE } = environment;
  return languageOf(asked) ?? languageOf(LC_ALL || LC_MESSAGES || LANG) ?? languageOf(DEFAULT_LANGUAGE) ?? 'es';
}

/** Puts values into `{placeholders}`. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}
