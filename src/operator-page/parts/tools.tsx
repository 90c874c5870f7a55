import { chooseLanguage, language, nextTheme, theme, words } from '../settings.js';
import { Icon } from './icon.js';

const THEME_ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const;

export function LanguageButton() {
  const other = language.value === 'es' ? 'en' : 'es';
  return (
    <button type="button" class="tool" lang={other} onClick={() => chooseLanguage(other)}>
      <Icon name="globe" />
      <span>{words.value.header.otherLanguage}</span>
    </button>
  );
}

export function ThemeButton() {
  const name = words.value.header.theme[theme.value];
  return (
    <button type="button" class="tool" aria-label={name} title={name} onClick={nextTheme}>
      <Icon name={THEME_ICONS[theme.value]} />
    </button>
  );
}
