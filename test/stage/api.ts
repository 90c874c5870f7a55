/** An answer of the service, as a backend sees it. */
export interface Answer {
  status: number;
  headers: Headers;
  // The contract is what tests assert on, field by field.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** The HTTP contract over real HTTP, with a right key. */
export class Api {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request(path, { headers });
  }

  async post(path: string, body: unknown): Promise<Answer> {
    return this.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async patch(path: string, body: unknown): Promise<Answer> {
    return this.request(path, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async delete(path: string): Promise<Answer> {
    return this.request(path, { method: 'DELETE' });
  }

  start(id: string, more: object = {}): Promise<Answer> {
    return this.post('/api/start-session', { organization_id: id, ...more });
  }

  /** Starts the session (which changes nothing when it is up) and waits until it is connected or has a QR. */
  async ready(id: string): Promise<Answer> {
    // A busy machine may need longer than one call may wait.
    for (let left = 3; ; left -= 1) {
      const answer = await this.start(id, { wait_ms: 20_000 });
      if (left === 1 || !['connecting', 'restoring'].includes(answer.body.status as string)) return answer;
    }
  }

  status(id: string): Promise<Answer> {
    return this.get(`/api/status/${id}`);
  }

  qr(id: string): Promise<Answer> {
    return this.get(`/api/qr/${id}`);
  }

  async qrPicture(id: string): Promise<Buffer> {
    const response = await fetch(`${this.url}/api/qr/${id}?format=png`, { headers: { 'x-api-key': this.key } });
    if (response.status !== 200) throw new Error(`no QR picture: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }

  send(id: string, phone: string, message: string, more: object = {}): Promise<Answer> {
    return this.post('/api/send-message', { organization_id: id, phone, message, ...more });
  }

  message(messageId: string): Promise<Answer> {
    return this.get(`/api/messages/${messageId}`);
  }

  /** Means it, as a person who confirmed does. */
  forceClean(id: string): Promise<Answer> {
    return this.post('/api/force-clean-session', { organization_id: id, force: true });
  }

  logout(id: string): Promise<Answer> {
    return this.post('/api/logout', { organization_id: id });
  }

  stop(id: string): Promise<Answer> {
    return this.post('/api/stop-session', { organization_id: id });
  }

  restart(id: string): Promise<Answer> {
    return this.post('/api/restart-session', { organization_id: id });
  }

  backups(id: string): Promise<Answer> {
    return this.get(`/api/backups/${id}`);
  }

  restore(id: string, backup?: string): Promise<Answer> {
    return this.post('/api/restore-session', { organization_id: id, ...(backup === undefined ? {} : { backup }) });
  }

  async request(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(this.url + path, {
      ...init,
      headers: { 'x-api-key': this.key, 'accept-language': 'en', ...(init.headers as Record<string, string>) },
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }
}
