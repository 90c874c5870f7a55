import { type Config, ConfigError, readConfig } from '../../config.js';
import type { Text } from '../language.js';
import { type Finding, ok, problem } from './finding.js';

const CORRECT_IT: Text = {
  es: 'Corríjalo en .env o en el entorno; .env.example explica cada variable. Luego reinicie el servicio.',
  en: 'Correct it in .env or in the environment; .env.example explains each variable. Then restart the service.',
};

/** Each wrong variable is a finding of its own. */
export function checkConfig(environment: Readonly<Record<string, string | undefined>>): {
  config: Config | null;
  findings: Finding[];
} {
  try {
    const config = readConfig(environment);
    return { config, findings: [ok('config', 'La configuración es válida', 'The configuration is valid')] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const findings = error.problems.map((what) =>
      problem('config', { es: `Configuración: ${what}`, en: `Configuration: ${what}` }, CORRECT_IT),
    );
    return { config: null, findings };
  }
}
