import { effect } from '@preact/signals';
import { render } from 'preact';
import './style/page.css';
import { closeStream, openStream } from './live/stream.js';
import { takeToken } from './route.js';
import { call, ServiceFault, signedIn, signInReason } from './service.js';
import { App } from './views/app.js';
import { signInFault } from './views/sign-in.js';

/** With a link out of the terminal (`/#sign-in=…`), with the cookie that is there, or not at all. */
async function enter(): Promise<void> {
  const token = takeToken('#sign-in=');
  try {
    if (token !== null) {
      await call('POST /api/sign-in', { body: { token } });
      signedIn.value = true;
      return;
    }
    const { signed_in } = await call('GET /api/sign-in', {});
    signedIn.value = signed_in;
  } catch (error) {
    signInFault.value = error instanceof ServiceFault ? error : null;
    signedIn.value = false;
  }
}

const place = document.getElementById('page');
if (place) render(<App />, place);

effect(() => {
  if (signedIn.value) {
    signInReason.value = null;
    void openStream();
  } else {
    closeStream();
  }
});

void enter();
// A sign-in link that is opened while the page is open changes only the part after the #.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#sign-in=')) void enter();
});
