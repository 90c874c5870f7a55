import type { Context } from '../command.js';
import { CliError, EXIT } from '../exit-codes.js';
import type { Text } from '../language.js';
import { type Finding, ok, problem, warning } from './finding.js';
import { clockOffset } from './network.js';

/** ms. */
const PATIENCE = 5_000;

export interface ServiceSeen {
  readonly findings: readonly Finding[];
  /** Its clock minus ours, ms. */
  readonly clockOffset: number | null;
}

interface Health {
  readonly status: string;
  readonly sessions: number;
}

/** The running service: whether it answers, whether it is ready, and whether it takes the key. */
export async function checkService(context: Context, url: string | null): Promise<ServiceSeen> {
  if (url === null) {
    const finding = warning(
      'service',
      {
        es: 'Con PORT=0 no se sabe dónde escucha el servicio',
        en: 'With PORT=0 nobody knows where the service listens',
      },
      { es: 'Indíquelo con --url; está en su registro.', en: 'Give it with --url; it is in its log.' },
    );
    return { findings: [finding], clockOffset: null };
  }
  let health: Answer<Health>;
  try {
    health = await ask<Health>(`${url}/health`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { findings: [notThere(url, reason)], clockOffset: null };
  }
  if (health.status !== 200 || health.body?.status !== 'ok') {
    return { findings: [notThere(url, `HTTP ${health.status}`)], clockOffset: null };
  }
  const findings = [
    ok(
      'service',
      `El servicio responde en ${url}, sesiones: ${health.body.sessions}`,
      `The service answers at ${url}, sessions: ${health.body.sessions}`,
    ),
    ...(await checkReadiness(url)),
    ...(await checkKey(context)),
  ];
  return { findings, clockOffset: health.clockOffset };
}

function notThere(url: string, reason: string): Finding {
  return problem(
    'service',
    { es: `El servicio no responde en ${url}: ${reason}`, en: `The service does not answer at ${url}: ${reason}` },
    {
      es: 'Inícielo (`npm start`, o `pm2 start ecosystem.config.js`), o indique dónde está con --url.',
      en: 'Start it (`npm start`, or `pm2 start ecosystem.config.js`), or say where it is with --url.',
    },
  );
}

async function checkReadiness(url: string): Promise<Finding[]> {
  const { body } = await ask<{ ready: boolean; restoring: number; version_refused: boolean }>(
    `${url}/health/ready`,
  ).catch(() => ({ body: null }));
  if (body?.version_refused) {
    return [
      problem(
        'whatsapp_version',
        {
          es: 'WhatsApp ya no acepta esta versión de cliente; nadie entra',
          en: 'WhatsApp no longer accepts this client version; nobody logs in',
        },
        {
          es: 'Actualice el servicio (o WA_VERSION), pruebe con una sola organización y luego inicie las demás.',
          en: 'Update the service (or WA_VERSION), try with one organization only, then start the others.',
        },
      ),
    ];
  }
  if (body && !body.ready) {
    return [
      warning(
        'ready',
        {
          es: `El servicio aún restaura sesiones: ${body.restoring}`,
          en: `The service is still restoring sessions: ${body.restoring}`,
        },
        { es: 'Espere un minuto y mire de nuevo.', en: 'Wait a minute and look again.' },
      ),
    ];
  }
  return [];
}

async function checkKey(context: Context): Promise<Finding[]> {
  try {
    const { sessions, total } = await context.service.call('GET /api/sessions');
    const fine = ok('key', 'El servicio acepta la clave', 'The service takes the key');
    const attention = sessions.filter((session) => session.attention !== null);
    const connected = sessions.filter((session) => session.connected).length;
    if (attention.length === 0) {
      return [fine, ok('sessions', `Conectadas: ${connected} de ${total}`, `Connected: ${connected} of ${total}`)];
    }
    const names = attention.map((one) => `${one.organization_id} (${one.attention})`).join(', ');
    return [
      fine,
      warning(
        'sessions',
        {
          es: `Conectadas: ${connected} de ${total}. Piden atención: ${names}`,
          en: `Connected: ${connected} of ${total}. Asking for attention: ${names}`,
        },
        {
          es: `\`${context.program} status <org>\` dice qué hacer con cada una.`,
          en: `\`${context.program} status <org>\` says what to do with each.`,
        },
      ),
    ];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    // What it said is in the language that was chosen, and so is what is shown.
    const both = (text: string): Text => ({ es: text, en: text });
    return [
      problem(error.exitCode === EXIT.wrongKey ? 'key' : 'sessions', both(error.sentence), both(error.hint ?? '')),
    ];
  }
}

interface Answer<T> {
  readonly status: number;
  readonly body: T | null;
  readonly clockOffset: number | null;
}

/** Without the key: whatever answers there may not be ours. */
async function ask<T>(address: string): Promise<Answer<T>> {
  try {
    const response = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) });
    const now = Date.now();
    const text = await response.text();
    return {
      status: response.status,
      body: read<T>(text),
      clockOffset: clockOffset(response.headers.get('date'), now),
    };
  } catch (error) {
    const { cause, name } = error as Error & { cause?: { code?: string } };
    throw new Error(cause?.code ?? name, { cause: error });
  }
}

function read<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
