import type { Sentences } from './sentences.js';

const QR_HINT =
  'Ábralo con GET /api/qr/:organization_id y escanéelo con el teléfono: ' +
  'WhatsApp > Dispositivos vinculados > Vincular un dispositivo.';
const SCAN_AGAIN = 'Llame a POST /api/start-session y escanee el nuevo código QR con el teléfono.';
const BY_ITSELF = 'No hace falta hacer nada: la sesión vuelve a intentarlo sola en el momento que indica "until".';

export const spanish: Sentences = {
  errors: {
    invalid_json: {
      sentence: 'El cuerpo de la solicitud no es JSON válido.',
      hint: 'Revise comillas, comas y llaves.',
    },
    invalid_request: {
      sentence: 'La solicitud no es válida: {fields}.',
      hint: 'En "fields" se explica qué corregir en cada campo.',
    },
    invalid_organization_id: {
      sentence: 'El identificador de la organización no es válido.',
      hint: 'Use de 1 a 64 letras, dígitos, guiones o guiones bajos, comenzando por una letra o un dígito.',
    },
    invalid_phone: {
      sentence: 'El número de teléfono no es válido.',
      hint:
        'Escríbalo con el código de país, por ejemplo +57 300 111 2233; ' +
        'un número local recibe el código del país configurado.',
    },
    not_connected: { sentence: 'La sesión no está conectada a WhatsApp, así que el mensaje no se envió.' },
    not_on_whatsapp: { sentence: 'Ese número no tiene WhatsApp.', hint: 'Confirme el número con el cliente.' },
    message_refused: {
      sentence: 'WhatsApp rechazó el mensaje.',
      hint:
        'No lo reenvíe sin más: puede que el cliente no acepte mensajes de este número o que la cuenta tenga ' +
        'restricciones.',
    },
    missing_api_key: {
      sentence: 'Falta la clave de la API.',
      hint: 'Envíela en el encabezado x-api-key o como Authorization: Bearer.',
    },
    wrong_api_key: {
      sentence: 'La clave de la API no es correcta.',
      hint: 'Es el valor de API_KEY en la configuración del servicio.',
    },
    signed_out: { sentence: 'Su sesión en la página terminó.', hint: 'Entre de nuevo con la clave de la API.' },
    unknown_sign_in_link: {
      sentence: 'Este enlace de entrada ya se usó, o sus diez minutos pasaron.',
      hint: 'Entre con la clave de la API o pida un enlace nuevo a quien se lo envió.',
    },
    cross_site_request: {
      sentence: 'La solicitud no vino de una página de este servicio, así que no se hizo.',
      hint:
        'Use la página del propio servicio, o envíe la clave de la API como x-api-key. ' +
        'Detrás de un proxy, ponga en PUBLIC_URL la dirección que usan los navegadores.',
    },
    unknown_organization: {
      sentence: 'Aquí no se conoce a esa organización.',
      hint: 'Revise organization_id o inicie una sesión con POST /api/start-session.',
    },
    session_not_started: {
      sentence: 'Esa organización no tiene una sesión iniciada.',
      hint: 'Inicie una con POST /api/start-session y vincule el teléfono.',
    },
    unknown_backup: {
      sentence: 'Ese respaldo no existe.',
      hint: 'GET /api/backups/:organization_id muestra los que hay.',
    },
    unknown_message: {
      sentence: 'No existe ningún mensaje con este identificador.',
      hint: 'GET /api/messages?organization_id=… muestra los de una organización.',
    },
    unknown_shop_link: {
      sentence: 'Este enlace ya se abrió, o su tiempo terminó.',
      hint: 'Pida uno nuevo a quien se lo envió y ábralo una sola vez, en el aparato que va a mostrar el código QR.',
    },
    no_backup: {
      sentence: 'Esa organización no tiene respaldos.',
      hint: 'Vincule el teléfono de nuevo con POST /api/start-session.',
    },
    unknown_webhook: { sentence: 'Ese webhook no existe.', hint: 'GET /api/webhooks muestra los que hay.' },
    unknown_delivery: {
      sentence: 'Ese webhook no tiene esa entrega.',
      hint:
        'GET /api/webhooks/:webhook_id/deliveries muestra las que hay; ' +
        'las terminadas se eliminan pasado un tiempo.',
    },
    not_found: { sentence: 'Esa dirección no existe.', hint: 'Revise la ruta y el método.' },
    method_not_allowed: {
      sentence: 'Esa dirección no acepta este método.',
      hint: 'El encabezado Allow indica cuáles acepta.',
    },
    already_connected: {
      sentence: 'La sesión ya está conectada: no hay código QR que mostrar.',
      hint: 'Para vincular otro teléfono, cierre antes la sesión con POST /api/logout.',
    },
    already_paired: {
      sentence: 'La sesión ya tiene un teléfono vinculado.',
      hint: 'Para vincular otro teléfono, cierre antes la sesión con POST /api/logout.',
    },
    state_conflict: { sentence: 'El estado actual de la sesión no lo permite.' },
    too_late_to_cancel: {
      sentence: 'El mensaje ya no se puede retirar: se entregó a WhatsApp o ya terminó de otro modo.',
      hint: 'Solo se puede cancelar un mensaje con estado queued; en "message_status" está el que tiene.',
    },
    message_expired: {
      sentence: 'El plazo del mensaje terminó antes de que pudiera salir; no se envió.',
      hint:
        'Si todavía importa, envíelo como mensaje nuevo, con otra clave de idempotencia y plazo suficiente en ' +
        '"expires_at".',
    },
    message_cancelled: {
      sentence: 'El mensaje se canceló o lo reemplazó uno más nuevo antes de salir; no se envió.',
      hint:
        'No hace falta hacer nada, salvo que "error_code" no sea lo esperado; ' +
        'para enviarlo de todos modos, envíelo como mensaje nuevo.',
    },
    body_too_large: {
      sentence: 'El cuerpo de la solicitud es demasiado grande.',
      hint: 'El máximo es de 256 KB; de 4 KB donde no se requiere clave.',
    },
    webhook_disabled: {
      sentence: 'El webhook está desactivado.',
      hint: 'Actívelo con PATCH /api/webhooks/:webhook_id {"enabled": true} y repita.',
    },
    too_many_webhooks: {
      sentence: 'Ya hay tantos webhooks como se permiten.',
      hint: 'Elimine uno con DELETE /api/webhooks/:webhook_id; se permiten 10 por organización y 50 generales.',
    },
    unsupported_media_type: {
      sentence: 'Solo se acepta JSON.',
      hint: 'Envíe el encabezado Content-Type: application/json y el cuerpo sin comprimir.',
    },
    idempotency_key_reused: {
      sentence: 'Esta clave de idempotencia ya corresponde a otro mensaje.',
      hint:
        'Use una clave nueva para cada mensaje; la misma clave solo para el mismo teléfono, texto, ' +
        'plazos y replace_key.',
    },
    too_many_requests: {
      sentence: 'Demasiados intentos seguidos.',
      hint: 'Espere los segundos que indica el encabezado Retry-After.',
    },
    outbox_full: {
      sentence: 'Hay demasiados mensajes de esta organización en espera.',
      hint: 'Revise el estado de la sesión: los mensajes salen en cuanto se conecta. Intente más tarde.',
    },
    too_many_streams: {
      sentence: 'Hay demasiados flujos de eventos abiertos.',
      hint: 'Cierre alguno; cada uno continúa donde quedó.',
    },
    internal_error: {
      sentence: 'Ocurrió un error inesperado en el servicio.',
      hint: 'Inténtelo de nuevo; si se repite, busque este request_id en los registros del servicio.',
    },
    auth_folder_unreadable: {
      sentence: 'No se puede leer o escribir la carpeta de la sesión; no se modificó nada.',
      hint: 'Revise los permisos y el espacio en disco de la carpeta auth_sessions y vuelva a iniciar la sesión.',
    },
    storage_unavailable: {
      sentence: 'El servicio no puede escribir en su disco en este momento; no se guardó ni se envió nada.',
      hint:
        'Repita la solicitud más tarde; quien opera el servicio debe revisar el espacio y los permisos de ' +
        'DATA_DIR.',
    },
    shutting_down: { sentence: 'El servicio se está cerrando.', hint: 'Repita la solicitud en unos segundos.' },
    page_not_built: {
      sentence: 'La página de operación no está compilada; la API funciona sin ella.',
      hint: 'Ejecute npm run build en la carpeta del servicio e inícielo de nuevo.',
    },
    whatsapp_unavailable: {
      sentence: 'No hubo respuesta a tiempo.',
      hint:
        'La acción puede seguir en curso: consulte GET /api/status/:organization_id y repita en unos segundos ' +
        'si hace falta.',
    },
    send_unconfirmed: {
      sentence: 'WhatsApp no confirmó el mensaje a tiempo: puede que haya salido y puede que no.',
      hint: 'Compruebe en el teléfono si el mensaje aparece antes de enviarlo otra vez.',
    },
  },
  reasons: {
    pairing_rate_limited: {
      sentence: 'WhatsApp no dio un código: se le pidieron códigos demasiadas veces.',
      hint: 'Escanee el código QR, o espere unos minutos y pida otro; WhatsApp no dijo cuánto.',
    },
    pairing_rate_limited_for: {
      sentence: 'WhatsApp no dio un código: se le pidieron códigos demasiadas veces.',
      hint: 'Escanee el código QR, o pida otro en {seconds} segundos: es lo que WhatsApp quiere descansar.',
    },
    pairing_no_connection: {
      sentence: 'No se pudo pedir un código: todavía no hay conexión con WhatsApp.',
      hint: 'Espere unos segundos y pídalo de nuevo. Si continúa, revise la red del servicio.',
    },
    pairing_refused: {
      sentence: 'WhatsApp no dio un código: rechazó la solicitud (error {code}).',
      hint: 'Revise que sea el número del teléfono que se va a vincular, o escanee el código QR.',
    },
    pairing_no_answer: {
      sentence: 'WhatsApp no dio un código: no respondió a la solicitud.',
      hint: 'Pida otro en unos segundos, o escanee el código QR.',
    },
    no_phone_linked: {
      sentence: 'Ahora no hay un teléfono vinculado, así que los mensajes no tienen de dónde salir. No se cambió nada.',
      hint:
        'Vincule primero un teléfono, con POST /api/start-session y un escaneo. ' +
        'Para cancelar los mensajes no hace falta un teléfono.',
    },
  },
  fields: {
    required: 'Falta este campo.',
    unknown: 'Este campo no existe.',
    not_an_object: 'El cuerpo debe ser un objeto JSON.',
    organization_id:
      'Debe ser un texto o un número entero: de 1 a 64 letras, dígitos, "-" o "_", ' +
      'comenzando por letra o dígito, y sin "_corrupted_".',
    phone: 'No puede ser un número de teléfono. Ejemplos: 3001112233, +57 300 111 2233, 5511987654321.',
    phone_too_short: 'Le faltan dígitos para ser un número de teléfono de su país. Ejemplo: +57 300 111 2233.',
    phone_too_long: 'Le sobran dígitos para ser un número de teléfono de su país. Ejemplo: +57 300 111 2233.',
    phone_country_code: 'No comienza con el código de ningún país. Ejemplo: +57 300 111 2233.',
    phone_not_in_use:
      'Su país no tiene números como este. Si está seguro de él, indíquelo como chat: 573001112233@s.whatsapp.net.',
    not_text: 'Debe ser un texto.',
    empty: 'No puede estar vacío.',
    message_too_long: 'Debe tener como máximo 65.536 caracteres.',
    wait_ms: 'Debe ser un número entero de milisegundos entre 0 y 30000.',
    format: 'Debe ser json, png o text.',
    backup_name: 'Debe ser el nombre de un respaldo, tal como lo muestra GET /api/backups/:organization_id.',
    time:
      'Debe ser una fecha y hora ISO 8601 con segundos y zona, como 2026-01-31T15:00:00Z o ' +
      '2026-01-31T10:00:00-05:00.',
    time_is_past: 'Debe estar en el futuro.',
    too_far_ahead: 'Debe estar a 30 días como máximo.',
    expires_before_send: 'Debe ser posterior a send_at.',
    one_expiry_only: 'Indique expires_at o ttl_seconds, no ambos.',
    ttl_seconds: 'Debe ser un número entero de segundos entre 1 y 2592000 (30 días).',
    replace_key: 'Debe ser un texto de 1 a 128 caracteres.',
    idempotency_key: 'Debe tener de 1 a 255 caracteres ASCII visibles, sin espacios.',
    idempotency_keys_differ: 'El encabezado Idempotency-Key tiene otro valor; indique uno de los dos o ambos iguales.',
    message_status:
      'Debe ser uno o varios de queued, sending, unconfirmed, sent, delivered, read, failed, expired, ' +
      'cancelled, separados por comas.',
    cursor: 'Debe ser el valor "next" de la página anterior.',
    page_size: 'Debe ser un número entero entre 1 y 200.',
    quiet_hours: 'Debe ser un objeto con from, to y time_zone, o null.',
    clock_time: 'Debe ser una hora del día entre 00:00 y 23:59, como 21:00.',
    same_times: 'Debe ser distinta de "from".',
    time_zone: 'Debe ser una zona horaria IANA, como America/Bogota.',
    secret: 'Es demasiado largo.',
    key_or_token: 'Envíe api_key o token, no ambos.',
    link_minutes: 'Debe ser un número entero de minutos entre 5 y 1440 (un día).',
    poll_wait: 'Debe ser un número entero de milisegundos entre 0 y 25000.',
    version: 'Debe ser el "version" de la respuesta anterior.',
    order: 'Debe ser asc (primero lo más antiguo) o desc (primero lo más reciente).',
    buckets: 'Debe ser un número entero entre 1 y 200.',
    from_after_to: 'Debe ser al menos un minuto antes de "to".',
    span_too_long: 'Debe ser como máximo 366 días antes de "to".',
    host: 'El encabezado Host no es el nombre de una máquina; configure PUBLIC_URL.',
    url: 'Debe ser una dirección http o https de hasta 2048 caracteres, sin usuario ni contraseña.',
    private_address: 'Lleva a esta máquina o a una red privada, y aquí no se permite (WEBHOOK_ALLOW_PRIVATE).',
    event_types: 'Debe ser una lista de nombres de eventos, al menos uno y sin repetir, o null para todos.',
    description: 'Debe ser un texto de hasta 200 caracteres, o null.',
    true_or_false: 'Debe ser true o false.',
    delivery_status: 'Debe ser waiting, delivered o parked.',
    delivery_id: 'Debe ser el delivery_id de una entrega.',
    only_parked: 'Debe ser parked: todas las apartadas se envían de nuevo.',
    one_choice_only: 'Indique delivery_id o status, no los dos.',
    other_phone_action: 'Debe ser "send" o "cancel".',
    undelivered_after:
      'Debe ser un número entero de segundos entre 0 (nunca) y 604800 (7 días), o null para el valor general.',
    session_status:
      'Debe ser uno o varios de not_started, connecting, restoring, qr_ready, qr_required, connected, ' +
      'disconnected, logged_out, stopped, separados por comas.',
    session_group: 'Debe ser uno o varios de attention, scan, other, connected, separados por comas.',
    session_sort: 'Debe ser id o need (primero las que necesitan a una persona).',
    session_search: 'Debe tener de 1 a 64 caracteres.',
    session_ids: 'Debe ser de 1 a 200 ids de organizaciones, separados por comas.',
    session_page_size: 'Debe ser un número entero entre 1 y 1000.',
    session_cursor: 'Debe ser el id de una organización; con sort=need, el "next" de la página anterior.',
  },
  statuses: {
    not_started: {
      sentence: 'La organización no tiene una sesión iniciada.',
      hint: 'Inicie una con POST /api/start-session.',
    },
    connecting: {
      sentence: 'La sesión se está conectando a WhatsApp.',
      hint: 'Espere unos segundos y consulte de nuevo.',
    },
    restoring: {
      sentence: 'La sesión guardada se está restableciendo.',
      hint: 'Espere unos segundos y consulte de nuevo; no hace falta escanear.',
    },
    qr_ready: { sentence: 'Hay un código QR listo para escanear.', hint: QR_HINT },
    qr_required: {
      sentence: 'Hace falta vincular el teléfono y no hay un código QR vigente.',
      hint: 'Pida uno con GET /api/qr/:organization_id: al pedirlo se genera uno nuevo.',
    },
    connected: { sentence: 'La sesión está conectada a WhatsApp.', hint: 'No hace falta hacer nada.' },
    disconnected: {
      sentence: 'La sesión no tiene conexión con WhatsApp en este momento.',
      hint:
        'Si hay una hora en "next_reconnect_at", se reconecta sola; ' +
        'si hay algo en "attention", siga su indicación; si no, llame a POST /api/start-session.',
    },
    logged_out: { sentence: 'La sesión está cerrada y no tiene claves de un teléfono.', hint: SCAN_AGAIN },
    stopped: {
      sentence: 'La sesión está detenida; no se eliminó nada de ella.',
      hint: 'Iníciela con POST /api/start-session cuando quiera; no hace falta escanear si ya estaba vinculada.',
    },
  },
  attention: {
    replaced_once: {
      sentence:
        'WhatsApp dice que otro programa tomó el lugar de esta sesión; se intenta una vez más, por si no hay nadie.',
      hint:
        'Espere hasta la hora que indica "until". ' +
        'Si otro programa usa las mismas claves (¿una segunda copia del servicio?), deténgalo.',
    },
    replaced: {
      sentence:
        'Otro programa se conecta una y otra vez con las mismas claves y este servicio no compite por la conexión.',
      hint: 'Detenga el otro programa (¿una segunda copia del servicio?) y llame a POST /api/start-session.',
    },
    unlinked: {
      sentence: 'WhatsApp dijo dos veces que este dispositivo ya no está vinculado.',
      hint:
        'Si el teléfono todavía muestra el dispositivo, POST /api/restore-session recupera las claves. ' +
        'Si no, llame a POST /api/start-session y escanee el nuevo código QR con el teléfono.',
    },
    temporary_ban: {
      sentence: 'WhatsApp bloqueó el número por un tiempo.',
      hint:
        'Espere: la sesión vuelve a intentarlo sola en el momento que indica "until". ' +
        'Reduzca los envíos a personas que no han escrito antes.',
    },
    locked: {
      sentence: 'WhatsApp bloqueó la cuenta.',
      hint: 'Abra WhatsApp en el teléfono y siga sus instrucciones; después llame a POST /api/start-session.',
    },
    banned: {
      sentence: 'WhatsApp suspendió el número.',
      hint: 'Solicite una revisión desde WhatsApp en el teléfono o vincule otro número.',
    },
    version_refused: {
      sentence: 'WhatsApp ya no acepta esta versión del cliente; ninguna sesión lo vuelve a intentar.',
      hint: 'Actualice el servicio (o WA_VERSION), pruebe con una sola organización y luego inicie las demás.',
    },
    login_rejected: {
      sentence: 'WhatsApp rechazó la conexión varias veces.',
      hint:
        'Revise "last_disconnect"; pruebe POST /api/restart-session y, si no ayuda, ' +
        'POST /api/force-clean-session y escanee de nuevo.',
    },
    auth_folder_unreadable: {
      sentence: 'No se puede leer o escribir la carpeta de la sesión; no se modificó nada.',
      hint: 'Revise los permisos y el espacio en disco de la carpeta auth_sessions y llame a POST /api/start-session.',
    },
    auth_folder_missing: {
      sentence:
        'Alguien borró o movió la carpeta de la sesión: sus claves ya no están, ' +
        'y no se genera un código QR por sí solo; los mensajes aceptados se conservan.',
      hint:
        'Si fue un error, devuelva la carpeta a su lugar: se vuelve a usar en 30 segundos. ' +
        'Si no, llame a POST /api/start-session, que empieza una vinculación nueva, ' +
        'escanee el nuevo código QR y quite en el teléfono el dispositivo anterior.',
    },
    outage: {
      sentence:
        'Muchas sesiones fallan al mismo tiempo: el problema es de WhatsApp o de la red, y no se limpia ninguna.',
      hint: 'Revise la red del servidor y espere; las sesiones se reconectan solas.',
    },
    cleaning_budget_spent: {
      sentence: 'La sesión vuelve a dañarse y ya se limpió sola tantas veces como se permite en 24 horas.',
      hint:
        'Busque la causa (¿dos programas con las mismas claves?) ' +
        'y limpie a mano con POST /api/force-clean-session.',
    },
    login_cap_reached: {
      sentence: 'Ya se hicieron todas las conexiones que se permiten por hora.',
      hint: BY_ITSELF,
    },
    qr_expired: {
      sentence: 'Nadie escaneó el código QR y venció.',
      hint: 'Pida uno nuevo con GET /api/qr/:organization_id.',
    },
    other_phone: {
      sentence:
        'El último teléfono que se vinculó es {phone}; esperan mensajes que son del teléfono {former}, ' +
        '{messages} en total.',
      hint:
        'Envíelos de todos modos con POST /api/other-phone-messages {"action": ' +
        '"send"}, o cancélelos con POST /api/other-phone-messages {"action": "cancel"}. ' +
        'Cuando se vuelva a vincular su propio teléfono, salen solos.',
    },
  },
  logouts: {
    unlinked: {
      sentence: 'Sesión cerrada: WhatsApp desvinculó este dispositivo y se eliminaron sus claves.',
      hint: SCAN_AGAIN,
    },
    not_confirmed: {
      sentence:
        'Sesión cerrada, pero WhatsApp no lo confirmó: el dispositivo puede seguir vinculado. ' +
        'Sus claves están en el respaldo {backup}.',
      hint:
        'Quite el dispositivo en el teléfono: WhatsApp > Dispositivos vinculados. ' +
        'Para vincular de nuevo, llame a POST /api/start-session y escanee el nuevo código QR.',
    },
    keys_missing: {
      sentence:
        'Sesión cerrada, pero alguien había borrado o movido las claves, ' +
        'así que no se pudo avisar a WhatsApp: el dispositivo puede seguir vinculado.',
      hint:
        'Quite el dispositivo en el teléfono: WhatsApp > Dispositivos vinculados. ' +
        'Para vincular de nuevo, llame a POST /api/start-session y escanee el nuevo código QR.',
    },
    nothing_linked: {
      sentence: 'Sesión cerrada: no había un teléfono vinculado, así que no había nada que desvincular ni que guardar.',
      hint: SCAN_AGAIN,
    },
    found_unlinked: {
      sentence: 'WhatsApp dijo dos veces que este dispositivo ya no está vinculado.',
      hint:
        'Si el teléfono todavía muestra el dispositivo, POST /api/restore-session recupera las claves. ' +
        'Si no, llame a POST /api/start-session y escanee el nuevo código QR con el teléfono.',
    },
  },
  heldUp: {
    action:
      'Una acción sobre esta sesión (iniciar, detener, limpiar, cerrar sesión…) todavía no termina, ' +
      'y las siguientes la esperan.',
    login_turn: 'La sesión espera su turno para conectarse: hay conexiones de otras organizaciones en curso.',
    login: 'WhatsApp todavía no completa la conexión.',
    keys: 'Un trabajo con las claves de esta sesión todavía no termina, y lo demás lo espera.',
    disk: 'El disco tarda en guardar, y nada sale antes de estar guardado.',
  },
  messages: {
    queued: {
      sentence: 'Mensaje aceptado: está guardado y se enviará.',
      hint: 'No hace falta hacer nada; DELETE /api/messages/:message_id lo retira mientras esté en queued.',
    },
    sending: {
      sentence: 'El mensaje se está enviando: ya se entregó y WhatsApp todavía no lo confirma.',
      hint:
        'No hace falta hacer nada: si no llega respuesta, sale otra vez con el mismo identificador y el ' +
        'cliente lo ve una sola vez.',
    },
    unconfirmed: {
      sentence: 'WhatsApp nunca confirmó el mensaje: puede que haya llegado y puede que no.',
      hint:
        'Compruebe en el teléfono si el mensaje aparece antes de enviarlo otra vez; ' +
        'si aún llega una confirmación, este estado cambia.',
    },
    sent: {
      sentence: 'Mensaje enviado: WhatsApp lo recibió.',
      hint: 'No hace falta hacer nada: WhatsApp lo lleva al teléfono del cliente.',
    },
    delivered: { sentence: 'El mensaje está en el teléfono del cliente.', hint: 'No hace falta hacer nada.' },
    read: { sentence: 'El cliente leyó el mensaje.', hint: 'No hace falta hacer nada.' },
    failed: { sentence: 'El mensaje no se envió.', hint: 'En "error" se explica por qué.' },
    expired: {
      sentence: 'El plazo del mensaje terminó antes de que pudiera salir; no se envió.',
      hint: 'Revise el estado de la sesión; si el mensaje todavía importa, envíelo como mensaje nuevo.',
    },
    cancelled: { sentence: 'El mensaje se canceló antes de enviarse.', hint: 'En "error" se explica por qué.' },
  },
  messageErrors: {
    not_on_whatsapp: { sentence: 'Ese número no tiene WhatsApp.', hint: 'Confirme el número con el cliente.' },
    recipient_refused: {
      sentence:
        'WhatsApp no permite que este número escriba a ese cliente: ' +
        'la cuenta está restringida o el cliente nunca le ha escrito.',
      hint:
        'No lo reenvíe: pida al cliente que escriba primero y reduzca los envíos a personas que no han escrito ' +
        'antes.',
    },
    message_refused: {
      sentence: 'WhatsApp rechazó el mensaje.',
      hint: 'No lo reenvíe sin más: puede que la cuenta tenga restricciones. Revise WhatsApp en el teléfono.',
    },
    message_poisoned: {
      sentence: 'La conexión con WhatsApp se cortó dos veces al entregar justo este mensaje, así que se apartó.',
      hint: 'Revise qué tiene de raro el texto y envíelo de nuevo con otras palabras.',
    },
    replaced: {
      sentence: 'Lo reemplazó un mensaje más nuevo con el mismo replace_key.',
      hint: 'No hace falta hacer nada: sale el mensaje más nuevo.',
    },
    cancelled_by_request: { sentence: 'Se canceló a petición.', hint: 'No hace falta hacer nada.' },
  },
  deliveryErrors: {
    timeout: 'El receptor no respondió a tiempo.',
    unreachable: 'No se pudo llegar al receptor, o cortó la conexión.',
    private_address: 'La dirección lleva a esta máquina o a una red privada, así que no se envió nada.',
    redirected: 'El receptor respondió con una redirección, que no se sigue: dele al webhook la dirección definitiva.',
    refused: 'El receptor respondió con un error.',
    gone: 'El receptor respondió 410 Gone: ya no quiere recibir nada.',
  },
  waiting: {
    scheduled: 'El mensaje está programado y sale a las {at}.',
    quiet_hours: 'Caería en las horas de silencio de la organización y sale cuando terminen, a las {at}.',
    reconnect: 'La sesión se está conectando sola y el mensaje sale en cuanto se conecte.',
    session: 'El mensaje sale en cuanto la sesión se conecte.',
    until: 'La sesión vuelve a intentarlo sola a las {at}.',
    first_contact:
      'WhatsApp rechazó un mensaje a un cliente nuevo, así que los mensajes a quienes nunca recibieron uno ' +
      'esperan hasta las {at}.',
    no_answer: 'WhatsApp no respondió una pregunta que va antes del mensaje; se le vuelve a preguntar.',
    rate_limited: 'WhatsApp dice que se le preguntó demasiado; se le vuelve a preguntar después de una pausa.',
    number_not_known_yet: 'WhatsApp no ha dicho si el número está allí; se le vuelve a preguntar.',
    no_reachable_device: 'Por ahora no se puede llegar a ningún dispositivo del cliente; se vuelve a intentar.',
    message_suspected: 'Una conexión se cortó al entregar el mensaje; sale solo, sin otros a la vez.',
    other_phone: 'Es de otro teléfono de la organización: alguien debe decidir si puede salir.',
    turn: 'La sesión está conectada y el mensaje sale cuando le toque, a un ritmo que protege el número.',
    answer: 'Se espera la respuesta de WhatsApp; GET /api/messages/:message_id dice cuándo llegó.',
  },
  done: {
    settings_saved: 'Configuración guardada.',
    other_phone_sent: 'Los mensajes del teléfono anterior salen del teléfono que ahora está vinculado.',
    other_phone_cancelled: 'Los mensajes del teléfono anterior se cancelaron.',
    other_phone_unconfirmed:
      'No quedaba nada por decidir: {unconfirmed} del teléfono anterior ya se habían entregado y pueden ' +
      'haber salido. No se intentan más.',
    other_phone_partly_sent:
      'Mensajes del teléfono anterior: {messages} salen del teléfono que ahora está vinculado; ' +
      '{unconfirmed} ya se habían entregado y pueden haber salido. Estos no se intentan más.',
    other_phone_partly_unconfirmed:
      'Mensajes del teléfono anterior: {messages} se cancelaron; ' +
      '{unconfirmed} ya se habían entregado y pueden haber salido. Estos no se intentan más.',
    other_phone_nothing: 'Ningún mensaje espera por otro teléfono.',
    phone_linked: 'El teléfono quedó vinculado: puede cerrar esta página.',
    webhook_created: 'Webhook creado. Guarde el secreto ahora: no se vuelve a mostrar.',
    webhook_changed: 'Webhook modificado.',
    webhook_removed: 'Webhook eliminado, con todo lo que esperaba para él.',
    secret_rotated:
      'Hay un secreto nuevo: guárdelo ahora, no se vuelve a mostrar. El anterior firma junto a él durante 24 horas.',
    test_delivered: 'El receptor aceptó la prueba.',
    test_failed: 'El receptor no aceptó la prueba.',
    redelivering: 'Las entregas volvieron a su fila y salen en orden.',
    cleaned: 'Sesión limpiada: la carpeta anterior se guardó como respaldo y la sesión empieza de nuevo.',
    cleaned_nothing_to_keep: 'Sesión limpiada: no había un teléfono vinculado, así que no se guardó respaldo.',
    not_cleaned_connected: 'No hacía falta limpiar: la sesión está conectada con las claves que tiene.',
    not_cleaned: 'No se limpió nada (con "force": true se limpia de todos modos).',
    not_cleaned_on_its_way:
      'No se limpió nada: las claves están bien y la sesión se conecta sola con ellas. ' +
      'Con "force": true se limpia de todos modos.',
    stopped: 'Sesión detenida: no se eliminó nada y no volverá a iniciarse sola.',
    restarted: 'Sesión reiniciada: no se apartó ni se eliminó nada.',
    pairing_code: 'El código está listo para escribirlo en el teléfono.',
    type_the_code:
      'Escriba este código en el teléfono: WhatsApp > Dispositivos vinculados > Vincular un dispositivo > ' +
      'Vincular con el número de teléfono.',
    restored: 'Respaldo restaurado.',
  },
};
