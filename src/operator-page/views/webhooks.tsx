import { useEffect } from 'preact/hooks';
import { words } from '../settings.js';

export function WebhooksView() {
  const { webhooks: say, name } = words.value;
  useEffect(() => {
    document.title = `${say.title} · ${name}`;
  }, [say, name]);
  return <h1 tabIndex={-1}>{say.title}</h1>;
}
