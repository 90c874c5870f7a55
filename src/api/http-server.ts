import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { newRequestId } from './request-context.js';
import { fillIn, type Language, SENTENCES } from './sentences.js';

/** Bytes of the request line and headers together; an address with a megabyte of id in it ends here, before Express. */
const MAX_HEADER_BYTES = 16 * 1024;
/** ms for the headers, and for the whole request, so that nobody holds a connection by sending a byte now and then. */
const HEADERS_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 30_000;
/**
 * ms that an idle connection is kept; longer than the usual 60 s of a proxy in front, which otherwise meets closed
 * ones.
 */
const KEEP_ALIVE_TIMEOUT = 65_000;

/**
 * Node found the bytes to be no HTTP request that it would hand on. Answered in our shape; there is no request to
 * learn a language from.
 */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex, language: Language): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { errors } = SENTENCES[language];
  const body = JSON.stringify({
    error: fillIn(errors.invalid_request.sentence, { fields: 'HTTP' }),
    code: 'invalid_request',
    request_id: newRequestId(),
  });
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/** The server for an app, with limits on time and size; the caller listens, and closes. */
export function createHttpServer(app: Express, language: Language): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    },
    // Express answers by itself; what it returns is of no use here.
    (request, response) => void app(request, response),
  );
  server.on('clientError', (error, socket) => answerUnreadable(error, socket, language));
  return server;
}
