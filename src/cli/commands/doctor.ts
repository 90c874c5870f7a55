import type { Command, Context } from '../command.js';
import type { Finding, Grade } from '../doctor/finding.js';
import { checkEnvironmentFile, checkFolder, checkNode, checkVersions } from '../doctor/machine.js';
import { judgeClock, judgeReach, reach } from '../doctor/network.js';
import { checkService } from '../doctor/service.js';
import { EXIT } from '../exit-codes.js';
import { printable } from '../format.js';
import type { Text } from '../language.js';

const MARKS: Readonly<Record<Grade, readonly [string, 'green' | 'yellow' | 'red']>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  problem: ['✗', 'red'],
};
const ALL_WELL: Text = { es: 'Todo en orden.', en: 'All is well.' };
const WARNINGS: Text = {
  es: 'Nada impide el servicio; avisos: {warnings}.',
  en: 'Nothing keeps the service from working; warnings: {warnings}.',
};
const PROBLEMS: Text = {
  es: 'Problemas: {problems}; avisos: {warnings}.',
  en: 'Problems: {problems}; warnings: {warnings}.',
};

/** What counts where the configuration cannot be read as a whole: what is set, or its default. */
const FALLBACK = {
  AUTH_DIR: './auth_sessions',
  DATA_DIR: './data',
  WA_WEBSOCKET_URL: 'wss://web.whatsapp.com/ws/chat',
} as const;

export const doctor: Command = {
  name: 'doctor',
  about: {
    es: 'Revisa todo lo que el servicio necesita, y dice qué hacer',
    en: 'Checks all that the service needs, and says what to do',
  },
  more: {
    es:
      'Configuración, carpetas, disco, reloj, versiones, el servicio y su clave, y si se llega a WhatsApp (sin ' +
      'entrar).\n' +
      'Ejecútelo en la carpeta del servicio y como su usuario. Termina con 1 si halla un problema; los avisos no ' +
      'cuentan.',
    en:
      'Configuration, folders, disk, clock, versions, the service and its key, and whether WhatsApp can be reached ' +
      '(without a login).\n' +
      "Run it in the service's folder and as its user. It ends with 1 when it finds a problem; warnings do not count.",
  },
  args: [],
  options: {},
  examples: [
    ['doctor', { es: 'en la carpeta del servicio', en: "in the service's folder" }],
    ['doctor --json', { es: 'para un programa de vigilancia', en: 'for a monitoring program' }],
  ],
  async run(context) {
    const { terminal, json, say } = context;
    const findings: Finding[] = [];
    const tell = (...found: readonly Finding[]): void => {
      findings.push(...found);
      if (!json) for (const one of found) show(context, one);
    };

    const { environment, environmentFile, directory } = context;
    tell(checkNode());
    tell(await checkEnvironmentFile(environmentFile));
    // Reading the configuration takes most of the time of a start, and no other command needs it.
    const { checkConfig } = await import('../doctor/configuration.js');
    const { config, findings: ofConfig } = checkConfig(environment);
    tell(...ofConfig);
    const setting = (name: keyof typeof FALLBACK): string =>
      config?.[name] ?? (environment[name]?.trim() || FALLBACK[name]);
    tell(await checkVersions(config?.WA_VERSION?.join('.')));
    tell(...(await checkFolder('AUTH_DIR', setting('AUTH_DIR'), directory)));
    tell(...(await checkFolder('DATA_DIR', setting('DATA_DIR'), directory)));

    const address = setting('WA_WEBSOCKET_URL');
    // A wrong address was told with the configuration.
    const reached = URL.canParse(address) ? await reach(address) : null;
    if (reached) tell(judgeReach(address, reached));
    const service = await checkService(context, context.url);
    tell(...service.findings);
    tell(
      reached?.clockOffset === undefined || reached.clockOffset === null
        ? judgeClock(service.clockOffset, context.url ?? '')
        : judgeClock(reached.clockOffset, new URL(address).hostname),
    );

    const count = (grade: Grade): number => findings.filter((one) => one.grade === grade).length;
    const [problems, warnings] = [count('problem'), count('warning')];
    if (json) {
      terminal.json({
        ok: problems === 0,
        problems,
        warnings,
        checks: findings.map(({ check, grade, text, hint }) => ({
          check,
          grade,
          text: say(text),
          ...(hint && { hint: say(hint) }),
        })),
      });
    } else {
      const end = problems > 0 ? PROBLEMS : warnings > 0 ? WARNINGS : ALL_WELL;
      terminal.print(`\n${say(end, { problems, warnings })}`);
    }
    return problems === 0 ? EXIT.ok : EXIT.failed;
  },
};

function show({ terminal, language }: Context, { grade, text, hint }: Finding): void {
  const [mark, color] = MARKS[grade];
  terminal.print(`${terminal.color(color, mark)} ${printable(text[language])}`);
  if (hint) terminal.print(hint[language].replace(/^(?=.)/gm, '  → '));
}
