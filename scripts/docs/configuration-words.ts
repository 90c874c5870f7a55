import type { Config } from '../../src/config.js';

export interface Words {
  readonly en: string;
  readonly es: string;
}

/** Where the page and `.env.example` have a heading: before which variable. */
export const SECTIONS: Partial<Record<keyof Config, Words>> = {
  API_KEY: { en: 'The key, and where it listens', es: 'La clave, y dónde escucha' },
  AUTH_DIR: { en: 'Where it keeps things', es: 'Dónde guarda las cosas' },
  LOG_LEVEL: { en: 'Log', es: 'Registros' },
  DEFAULT_COUNTRY: { en: 'Customers', es: 'Clientes' },
  BAD_MAC_ERROR_LIMIT: {
    en: 'When a session is cleaned (its folder set aside, a new QR)',
    es: 'Cuándo se limpia una sesión (su carpeta se aparta, un QR nuevo)',
  },
  MAX_CLEANINGS_PER_DAY: {
    en: 'When it is not, although a limit was reached',
    es: 'Cuándo no, aunque se llegó a un límite',
  },
  RECONNECT_BASE_DELAY: { en: 'Logging in again', es: 'Volver a conectarse' },
  WA_WEBSOCKET_URL: { en: 'WhatsApp', es: 'WhatsApp' },
  SEND_RATE_PER_MINUTE: {
    en: 'The outbox: how fast messages leave',
    es: 'La bandeja de salida: con qué ritmo salen los mensajes',
  },
  MESSAGE_TTL: {
    en: 'The outbox: how long it keeps trying, and what it keeps',
    es: 'La bandeja de salida: cuánto insiste, y qué guarda',
  },
  WEBHOOK_ALLOW_PRIVATE: { en: 'Webhooks', es: 'Webhooks' },
  SEND_WAIT: { en: 'How long callers wait', es: 'Cuánto esperan los que llaman' },
};

/**
 * What each variable does, in the order in which it is shown. One of the schema that is missing here does not compile.
 */
export const CONFIG_WORDS: Readonly<Record<keyof Config, Words>> = {
  API_KEY: {
    en:
      'The key of all callers, sent as the header `x-api-key`. ' +
      'The one thing that must be set: at least 24 random characters, nothing out of an example. ' +
      '`npm start` generates one into .env (readable for its owner only) when there is none.',
    es:
      'La clave de todos los que llaman, en el encabezado `x-api-key`. ' +
      'Es lo único obligatorio: al menos 24 caracteres al azar, ninguno de un ejemplo. ' +
      'Si no hay, `npm start` genera una en .env, que solo su dueño puede leer.',
  },
  PORT: {
    en: 'The port; 0 takes a free one, which the log names.',
    es: 'El puerto; con 0, uno libre, que dicen los registros.',
  },
  HOST: {
    en:
      'The address to listen on. 127.0.0.1 is this machine alone; behind a reverse proxy that is all it needs. ' +
      '0.0.0.0 is everybody who can reach the machine.',
    es:
      'La dirección en la que escucha. 127.0.0.1 es solo esta máquina; ' +
      'detrás de un proxy inverso no hace falta más. 0.0.0.0 es todo el que pueda llegar a la máquina.',
  },
  PUBLIC_URL: {
    en:
      'Where browsers find the service when a reverse proxy stands in front, like `https://wa.example.com`, ' +
      "without a path. Links begin with it, and requests of the operator's page are recognized by it. " +
      'Absent: the address that was asked.',
    es:
      'Dónde encuentran los navegadores al servicio cuando hay un proxy inverso por delante, ' +
      'como `https://wa.example.com`, sin ruta. ' +
      'Con ella empiezan los enlaces y se reconocen las peticiones de la página de operación. ' +
      'Sin ella: la dirección a la que se llamó.',
  },
  AUTH_DIR: {
    en:
      'One folder per organization with the keys of its WhatsApp session, and their backups. ' +
      'Whoever can read it can write in their name. On a local disk.',
    es:
      'Una carpeta por organización con las claves de su sesión de WhatsApp, y sus respaldos. ' +
      'Quien la pueda leer puede escribir en su nombre. En un disco local.',
  },
  DATA_DIR: {
    en:
      'What the service must remember besides keys: the outbox with accepted messages, events, ' +
      'who was stopped, when it was cleaned. On a local disk; not inside AUTH_DIR.',
    es:
      'Lo que el servicio debe recordar además de las claves: la bandeja de salida con los mensajes aceptados, ' +
      'los eventos, quién se detuvo, cuándo se limpió. En un disco local; no dentro de AUTH_DIR.',
  },
  BACKUPS_TO_KEEP: {
    en:
      "How many backups of an organization's folder are kept; one more removes the oldest. " +
      'Only folders with a linked phone are backed up.',
    es:
      'Cuántos respaldos de la carpeta de una organización se conservan; uno más elimina el más viejo. ' +
      'Solo se respaldan carpetas con un teléfono vinculado.',
  },
  LOG_LEVEL: {
    en: 'The least level that is logged. An error means that a person must act; a reconnect is info.',
    es: 'El nivel más bajo que se registra. Un error significa que una persona debe actuar; una reconexión es info.',
  },
  LOG_FORMAT: {
    en: 'json: one object a line, for machines. pretty: for people.',
    es: 'json: un objeto por línea, para máquinas. pretty: para personas.',
  },
  DEFAULT_COUNTRY: {
    en: 'The country of phone numbers that are written without one (ISO 3166).',
    es: 'El país de los números de teléfono que vienen sin código (ISO 3166).',
  },
  DEFAULT_LANGUAGE: {
    en: 'The language of sentences for people in answers, when the caller asks for none.',
    es: 'El idioma de las frases para personas en las respuestas, si quien llama no pide ninguno.',
  },
  BAD_MAC_ERROR_LIMIT: {
    en: 'So many messages with Bad MAC (a repeat counts once) …',
    es: 'Tantos mensajes con Bad MAC (una repetición cuenta una vez) …',
  },
  BAD_MAC_RESET_TIME: {
    en: '… within this time, and the session is cleaned.',
    es: '… en este tiempo, y la sesión se limpia.',
  },
  BAD_MAC_MIN_CUSTOMERS: {
    en:
      '… from so many customers at least. With 2, one customer who alone cannot be read costs no scan: ' +
      'only the encryption with him begins anew. Many will want 2.',
    es:
      '… de tantos clientes como mínimo. Con 2, un solo cliente ilegible no cuesta un escaneo: ' +
      'solo empieza de nuevo el cifrado con él. Muchos querrán 2.',
  },
  STREAM_ERROR_LIMIT: { en: 'Or so many stream errors …', es: 'O tantos errores de flujo …' },
  STREAM_ERROR_RESET_TIME: { en: '… within this time.', es: '… en este tiempo.' },
  HEALTH_STABLE_AFTER: {
    en:
      'A connection that has stayed open for so long is successful: ' +
      'both counters are zero, and the waits start over.',
    es:
      'Una conexión que lleva abierta este tiempo es buena: los dos contadores vuelven a cero y las esperas ' +
      'empiezan de nuevo.',
  },
  MAX_CLEANINGS_PER_DAY: {
    en:
      'Automatic cleanings of one organization within 24 h; after that a person decides. ' +
      'By hand it always works. 0: always a person.',
    es:
      'Limpiezas automáticas de una organización en 24 h; después decide una persona. A mano siempre funciona. ' +
      '0: siempre una persona.',
  },
  OUTAGE_SHARE: {
    en:
      'When this share of all sessions reports stream errors within STREAM_ERROR_RESET_TIME, ' +
      'it is WhatsApp or the network: nobody is cleaned.',
    es:
      'Cuando esta parte de las sesiones tiene errores de flujo dentro de STREAM_ERROR_RESET_TIME, ' +
      'es WhatsApp o la red: no se limpia ninguna.',
  },
  OUTAGE_MIN_SESSIONS: {
    en: 'With fewer sessions than this, no outage is ever supposed.',
    es: 'Con menos sesiones no se sospecha nunca una caída general.',
  },
  RECONNECT_BASE_DELAY: {
    en:
      'Longest first wait before a new login, at random below that; ' +
      'up to twice as long after each login that fails …',
    es:
      'La primera espera más larga antes de reconectar, al azar por debajo; ' +
      'hasta el doble después de cada conexión fallida …',
  },
  RECONNECT_MAX_DELAY: { en: '… and never longer than this.', es: '… y nunca más que esto.' },
  REPLACED_RETRY_DELAY: {
    en: "When another login took this one's place: how long the one slow try waits, in case nobody is there.",
    es: 'Cuando otra conexión tomó el lugar de esta: cuánto espera el único intento, lento, por si no hay nadie.',
  },
  MAX_LOGINS_PER_HOUR: {
    en: 'Logins of one organization within an hour; too many get a number banned.',
    es: 'Conexiones de una organización por hora; con demasiadas se bloquea un número.',
  },
  MAX_CONCURRENT_LOGINS: {
    en: 'Logins of this process that are under way at one moment.',
    es: 'Conexiones de este proceso que están en curso a la vez.',
  },
  WA_WEBSOCKET_URL: {
    en: "WhatsApp's address; another one for the emulator.",
    es: 'La dirección de WhatsApp; otra para el emulador.',
  },
  WA_VERSION: {
    en:
      'The version of WhatsApp Web to announce, like 2.3000.1043857760. ' +
      'Absent: the one that Baileys was made for. Never fetched.',
    es:
      'La versión de WhatsApp Web que se anuncia, como 2.3000.1043857760. Sin ella: la de Baileys. ' +
      'Nunca se descarga.',
  },
  KEEP_ALIVE_INTERVAL: {
    en: 'How often WhatsApp is asked whether it is still there.',
    es: 'Cada cuánto se le pregunta a WhatsApp si sigue ahí.',
  },
  SILENCE_TIMEOUT: {
    en: 'A connection that says nothing for so long is dead. Longer than KEEP_ALIVE_INTERVAL.',
    es: 'Una conexión que no dice nada durante este tiempo está muerta. Más que KEEP_ALIVE_INTERVAL.',
  },
  CONNECT_TIMEOUT: {
    en: 'How long opening a connection may take.',
    es: 'Cuánto puede tardar en abrirse una conexión.',
  },
  HAND_OVER_WAIT: {
    en: "How long a login waits, after WhatsApp's answer, for a sign that WhatsApp passes messages to this device.",
    es:
      'Cuánto espera una conexión nueva, tras la respuesta de WhatsApp, ' +
      'la señal de que entrega mensajes a este dispositivo.',
  },
  QUERY_TIMEOUT: {
    en: 'How long WhatsApp may take to answer a question.',
    es: 'Cuánto puede tardar WhatsApp en responder una pregunta.',
  },
  QR_TIMEOUT: {
    en: "How long one QR is shown. Absent: 60 s the first, 20 s each that follows, as WhatsApp's own clients do.",
    es:
      'Cuánto se muestra cada QR. Sin ella: 60 s el primero y 20 s cada uno de los siguientes, ' +
      'como hacen los clientes de WhatsApp.',
  },
  SEND_RATE_PER_MINUTE: {
    en:
      'So many messages of one organization leave in a minute, at uneven gaps; ' +
      'volume and an even beat are what gets numbers banned …',
    es:
      'Tantos mensajes de una organización salen por minuto, con intervalos desiguales; ' +
      'el volumen y un compás parejo son lo que hace que bloqueen números …',
  },
  SEND_BURST: {
    en: '… after so many at once, when nothing was sent for a while.',
    es: '… después de tantos de una vez, cuando hace rato que no se envía nada.',
  },
  MAX_IN_FLIGHT: {
    en: "Messages of one organization that may wait for WhatsApp's answer at one time.",
    es: 'Mensajes de una organización que pueden esperar la respuesta de WhatsApp al mismo tiempo.',
  },
  FIRST_CONTACT_PAUSE: {
    en:
      "When WhatsApp refuses a first contact (463), the organization's other first contacts rest for so long. " +
      '0: they do not.',
    es:
      'Cuando WhatsApp rechaza un primer contacto (463), los demás primeros contactos de la organización ' +
      'descansan este tiempo. 0: no descansan.',
  },
  MESSAGE_TTL: {
    en:
      'A message that names no end of its own may be sent for so long after it was accepted (after send_at, ' +
      'when it has one); then it expires.',
    es:
      'Un mensaje que no indica un plazo se puede enviar durante este tiempo desde que se aceptó (desde ' +
      'send_at, si lo tiene); después vence.',
  },
  RESEND_WITHIN: {
    en:
      'A message that WhatsApp did not answer may go out again, under its own id, ' +
      'for so long after its first try; then it is unconfirmed.',
    es:
      'Un mensaje que WhatsApp no respondió puede salir otra vez, con su mismo identificador, ' +
      'durante este tiempo desde su primer intento; después es unconfirmed.',
  },
  LATE_ANSWER_WAIT: {
    en: 'After a reconnect, late answers are waited for so long before unanswered messages go out again.',
    es: 'Tras reconectar, se esperan este tiempo las respuestas tardías antes de repetir los mensajes sin respuesta.',
  },
  OUTBOX_LIMIT: {
    en: 'Messages of one organization that may wait at one time; one more is answered with 429.',
    es: 'Mensajes de una organización que pueden esperar a la vez; uno más se responde con 429.',
  },
  MESSAGE_RETENTION_DAYS: {
    en:
      'After so many days the text of a message whose fate is known is erased; ' +
      "until then a customer's phone that could not read it is answered.",
    es:
      'Pasados estos días se borra el texto de un mensaje del que ya se sabe qué fue; ' +
      'hasta entonces se le responde al teléfono de un cliente que no pudo leerlo.',
  },
  EVENTS_KEPT: {
    en: 'How many events of each organization `GET /api/events` can still tell.',
    es: 'Cuántos eventos de cada organización puede contar todavía `GET /api/events`.',
  },
  WEBHOOK_ALLOW_PRIVATE: {
    en:
      'true: webhooks may lead to this machine and to private networks. ' +
      'Whoever has the API key can then have them called.',
    es:
      'true: los webhooks pueden llevar a esta máquina y a redes privadas. ' +
      'Quien tenga la clave puede entonces hacer que se las llame.',
  },
  WEBHOOK_TIMEOUT: {
    en: 'How long a receiver may take to answer.',
    es: 'Cuánto puede tardar un receptor en responder.',
  },
  WEBHOOK_RETRY_BASE_DELAY: {
    en: 'After the first failure a delivery rests for about so long, after each further one twice as long …',
    es: 'Tras la primera falla una entrega descansa más o menos este tiempo, y tras cada otra el doble …',
  },
  WEBHOOK_RETRY_MAX_DELAY: { en: '… and never longer than this.', es: '… y nunca más que esto.' },
  WEBHOOK_RETRY_FOR: {
    en: 'For so long it is tried; then it is parked, for a person to send again.',
    es: 'Este tiempo se intenta; después se aparta, para que una persona la envíe de nuevo.',
  },
  WEBHOOK_BACKLOG: {
    en: 'Deliveries of one webhook that may wait; beyond that the oldest are parked.',
    es: 'Entregas de un webhook que pueden esperar; por encima se apartan las más antiguas.',
  },
  WEBHOOK_RETENTION_DAYS: {
    en: 'For so many days delivered and parked deliveries are kept.',
    es: 'Durante estos días se conservan las entregas hechas y las apartadas.',
  },
  UNDELIVERED_AFTER: {
    en: "A message that has not reached the customer's phone after so long is told as `message.undelivered`. 0: never.",
    es:
      'Un mensaje que no llegó al teléfono del cliente en este tiempo se cuenta como `message.undelivered`. ' +
      '0: nunca.',
  },
  SEND_WAIT: {
    en:
      "A send waits so long for WhatsApp's answer, when the caller names no wait_ms; " +
      'then it answers that the message is queued or being sent.',
    es:
      'Un envío sin wait_ms espera este tiempo la respuesta de WhatsApp; ' +
      'después responde que el mensaje está en la bandeja o en camino.',
  },
  CLEAN_WAIT: {
    en: 'An answer that may bring a QR (QR, force-clean, restore) waits so long for it.',
    es: 'Una respuesta que puede traer un QR (QR, force-clean, restaurar) lo espera este tiempo.',
  },
};
