import type { Answer } from './api.js';

/**
 * What a browser does by itself, without the page: it keeps cookies by their paths, and says where a request comes
 * from.
 */
export class Browser {
  private readonly jar = new Map<string, { value: string; path: string }>();
  /** `Set-Cookie` as it came, by the cookie's name. */
  readonly attributes = new Map<string, string>();

  /** @param url the service's, where this browser's page is from */
  constructor(readonly url: string) {}

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', path, undefined, { 'sec-fetch-site': 'same-origin', ...headers });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('POST', path, body, { 'sec-fetch-site': 'same-origin', ...headers });
  }

  /** With these headers and the cookies, and no others. */
  async request(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
    const cookies = [...this.jar].filter(([, { path: of }]) => path.startsWith(of));
    const response = await fetch(this.url + path, {
      method,
      headers: {
        'accept-language': 'en',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(cookies.length > 0 && { cookie: cookies.map(([name, { value }]) => `${name}=${value}`).join('; ') }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** A cookie's value; undefined when there is none. */
  cookie(name: string): string | undefined {
    return this.jar.get(name)?.value;
  }

  take(name: string, value: string, path = '/'): void {
    this.jar.set(name, { value, path });
  }

  private keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    this.attributes.set(name, line);
    if (value === '') this.jar.delete(name);
    else this.jar.set(name, { value, path: /; Path=([^;]+)/.exec(line)?.[1] ?? '/' });
  }
}
