import type { Sentences } from './sentences.js';

const QR_HINT =
  'Ábralo con GET /api/qr/:organization_id y escanéelo con el teléfono: WhatsApp > Dispositivos vinculados > Vincular un dispositivo.';
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
      hint: 'Escríbalo con el código de país, por ejemplo +57 300 111 2233; un número local recibe el código del país configurado.',
    },
    not_connected: { sentence: 'La sesión no está conectada a WhatsApp, así que el mensaje no se envió.' },
    not_on_whatsapp: { sentence: 'Ese número no tiene WhatsApp.', hint: 'Confirme el número con el cliente.' },
    message_refused: {
      sentence: 'WhatsApp rechazó el mensaje.',
      hint: 'No lo reenvíe sin más: puede que el cliente no acepte mensajes de este número o que la cuenta tenga restricciones.',
    },
    missing_api_key: {
      sentence: 'Falta la clave de la API.',
      hint: 'Envíela en el encabezado x-api-key o como Authorization: Bearer.',
    },
    wrong_api_key: {
      sentence: 'La clave de la API no es correcta.',
      hint: 'Es el valor de API_KEY en la configuración del servicio.',
    },
    unknown_organization: {
      sentence: 'Aquí no se conoce a esa organización.',
      hint: 'Revise organization_id o inicie una sesión con POST /api/start-session.',
    },
    session_not_started: {
      sentence: 'Esa organización no tiene una sesión iniciada.',
      hint: 'Inicie una con POST /api/start-session.',
    },
    unknown_backup: {
      sentence: 'Ese respaldo no existe.',
      hint: 'GET /api/backups/:organization_id muestra los que hay.',
    },
    unknown_message: {
      sentence: 'No existe ningún mensaje con este identificador.',
      hint: 'GET /api/messages?organization_id=… muestra los de una organización.',
    },
    no_backup: {
      sentence: 'Esa organización no tiene respaldos.',
      hint: 'Vincule el teléfono de nuevo con POST /api/start-session.',
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
      sentence: 'El mensaje ya se entregó a WhatsApp y no se puede retirar.',
      hint: 'Solo se puede cancelar un mensaje con estado queued.',
    },
    body_too_large: { sentence: 'El cuerpo de la solicitud es demasiado grande.', hint: 'El máximo es de 256 KB.' },
    unsupported_media_type: {
      sentence: 'Solo se acepta JSON.',
      hint: 'Envíe el encabezado Content-Type: application/json y el cuerpo sin comprimir.',
    },
    idempotency_key_reused: {
      sentence: 'Esta clave de idempotencia ya corresponde a otro mensaje.',
      hint: 'Use una clave nueva para cada mensaje; la misma clave solo para el mismo teléfono y texto.',
    },
    too_many_requests: {
      sentence: 'Demasiados intentos seguidos.',
      hint: 'Espere los segundos que indica el encabezado Retry-After.',
    },
    outbox_full: {
      sentence: 'Hay demasiados mensajes de esta organización en espera.',
      hint: 'Revise el estado de la sesión: los mensajes salen en cuanto se conecta. Intente más tarde.',
    },
    internal_error: {
      sentence: 'Ocurrió un error inesperado en el servicio.',
      hint: 'Inténtelo de nuevo; si se repite, busque este request_id en los registros del servicio.',
    },
    auth_folder_unreadable: {
      sentence: 'No se puede leer o escribir la carpeta de la sesión; no se modificó nada.',
      hint: 'Revise los permisos y el espacio en disco de la carpeta auth_sessions y vuelva a iniciar la sesión.',
    },
    shutting_down: { sentence: 'El servicio se está cerrando.', hint: 'Repita la solicitud en unos segundos.' },
    whatsapp_unavailable: {
      sentence: 'No hubo respuesta a tiempo.',
      hint: 'La acción puede seguir en curso: consulte GET /api/status/:organization_id y repita en unos segundos si hace falta.',
    },
    send_unconfirmed: {
      sentence: 'WhatsApp no confirmó el mensaje a tiempo: puede que haya salido y puede que no.',
      hint: 'Compruebe en el teléfono si el mensaje aparece antes de enviarlo otra vez.',
    },
  },
  fields: {
    required: 'Falta este campo.',
    unknown: 'Este campo no existe.',
    not_an_object: 'El cuerpo debe ser un objeto JSON.',
    organization_id:
      'Debe ser un texto o un número entero: de 1 a 64 letras, dígitos, "-" o "_", comenzando por letra o dígito, y sin "_corrupted_".',
    phone: 'No puede ser un número de teléfono. Ejemplos: 3001112233, +57 300 111 2233, 5511987654321.',
    not_text: 'Debe ser un texto.',
    empty: 'No puede estar vacío.',
    message_too_long: 'Debe tener como máximo 65.536 caracteres.',
    wait_ms: 'Debe ser un número entero de milisegundos entre 0 y 30000.',
    format: 'Debe ser json, png o text.',
    backup_name: 'Debe ser el nombre de un respaldo, tal como lo muestra GET /api/backups/:organization_id.',
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
      hint: 'Si hay una hora en "next_reconnect_at", se reconecta sola; si hay algo en "attention", siga su indicación; si no, llame a POST /api/start-session.',
    },
    logged_out: { sentence: 'La sesión está cerrada: no hay un teléfono vinculado.', hint: SCAN_AGAIN },
    stopped: {
      sentence: 'La sesión está detenida; sus claves se conservan.',
      hint: 'Iníciela con POST /api/start-session cuando quiera; no hace falta escanear si ya estaba vinculada.',
    },
  },
  attention: {
    replaced: {
      sentence: 'Otro programa se conectó con las mismas claves y este servicio no compite por la conexión.',
      hint: 'Detenga el otro programa (¿una segunda copia del servicio?) y llame a POST /api/start-session.',
    },
    unlinked: { sentence: 'El teléfono desvinculó este dispositivo y las claves ya no sirven.', hint: SCAN_AGAIN },
    temporary_ban: {
      sentence: 'WhatsApp bloqueó el número por un tiempo.',
      hint: 'Espere: la sesión vuelve a intentarlo sola en el momento que indica "until". Reduzca los envíos a personas que no han escrito antes.',
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
      hint: 'Revise "last_disconnect"; pruebe POST /api/restart-session y, si no ayuda, POST /api/force-clean-session y escanee de nuevo.',
    },
    auth_folder_unreadable: {
      sentence: 'No se puede leer o escribir la carpeta de la sesión; no se modificó nada.',
      hint: 'Revise los permisos y el espacio en disco de la carpeta auth_sessions y llame a POST /api/start-session.',
    },
    outage: {
      sentence:
        'Muchas sesiones fallan al mismo tiempo: el problema es de WhatsApp o de la red, y no se limpia ninguna.',
      hint: 'Revise la red del servidor y espere; las sesiones se reconectan solas.',
    },
    cleaning_budget_spent: {
      sentence: 'La sesión vuelve a dañarse y ya se limpió sola tantas veces como se permite en 24 horas.',
      hint: 'Busque la causa (¿dos programas con las mismas claves?) y limpie a mano con POST /api/force-clean-session.',
    },
    login_cap_reached: {
      sentence: 'Ya se hicieron todas las conexiones que se permiten por hora.',
      hint: BY_ITSELF,
    },
    qr_expired: {
      sentence: 'Nadie escaneó el código QR y venció.',
      hint: 'Pida uno nuevo con GET /api/qr/:organization_id.',
    },
  },
  done: {
    message_sent: 'Mensaje enviado: WhatsApp lo recibió.',
    logged_out: 'Sesión cerrada: el dispositivo se desvinculó y se eliminaron sus claves.',
    cleaned: 'Sesión limpiada: la carpeta anterior se guardó como respaldo y la sesión empieza de nuevo.',
    cleaned_nothing_to_keep: 'Sesión limpiada: no había un teléfono vinculado, así que no se guardó respaldo.',
    stopped: 'Sesión detenida: las claves se conservan y no volverá a iniciarse sola.',
    restarted: 'Sesión reiniciada con las mismas claves.',
    pairing_code: 'El código está listo para escribirlo en el teléfono.',
    type_the_code:
      'Escriba este código en el teléfono: WhatsApp > Dispositivos vinculados > Vincular un dispositivo > Vincular con el número de teléfono.',
    restored: 'Respaldo restaurado: la sesión se conecta con esas claves.',
  },
};
