import { computed, effect, signal } from '@preact/signals';
import { english, type Words } from './words/words-en.js';
import { spanish } from './words/words-es.js';

export type Language = 'en' | 'es';
export type Theme = 'system' | 'light' | 'dark';

const LANGUAGES: readonly Language[] = ['en', 'es'];
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

/**
 * What this browser remembers of its user: how the page looks and speaks, never a key. A browser may forbid it; then
 * nothing is remembered.
 */
function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Only a convenience.
  }
}

function preferredLanguage(): Language {
  const wanted = [remembered('language'), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return LANGUAGES.find((language) => language === wanted.find((tag) => LANGUAGES.includes(tag as Language))) ?? 'en';
}

export const language = signal<Language>(preferredLanguage());
export const theme = signal<Theme>(THEMES.find((one) => one === remembered('theme')) ?? 'system');

/** The page's own words, in the language that is chosen now. */
export const words = computed<Words>(() => (language.value === 'es' ? spanish : english));

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  remember('language', chosen);
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  remember('theme', theme.value);
}

effect(() => {
  document.documentElement.lang = language.value;
});
effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});
