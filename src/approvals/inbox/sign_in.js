// Signing in: by a token that is pasted, or by the organisation's own sign-in. A one-click link signs in by itself (app.js).
import { html, useEffect, useRef, useState } from './preact.js';
import { signIn } from './api.js';
import { safeAddress, Title } from './parts.js';
import { explainSignIn } from './words.js';

const RETURN_TO = 'holdpoint-return-to'; // sessionStorage: the page to show after a sign-in elsewhere; no secret

export function takeReturnAddress() {
  const hash = sessionStorage.getItem(RETURN_TO);
  sessionStorage.removeItem(RETURN_TO);
  return hash;
}

function Elsewhere({ oidc }) {
  const address = safeAddress(oidc.url);
  if (!address) return null;
  return html`<a class="button wide" href=${address} onClick=${() => sessionStorage.setItem(RETURN_TO, location.hash)}>
    Continue with <bdi>${oidc.name}</bdi></a>`;
}

/** `problem`: why somebody is here again; `retry`: what may be tried again without typing anything. */
export function SignIn({ oidc, problem, retry, onSignedIn, arrived }) {
  const [trouble, setTrouble] = useState(problem);
  const [busy, setBusy] = useState(false);
  const field = useRef();
  useEffect(() => setTrouble(problem), [problem]);

  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    const token = field.current.value.trim();
    if (!token) {
      setTrouble('Paste your token first.');
      field.current.focus();
      return;
    }
    setBusy(true);
    try {
      onSignedIn(await signIn({ token }));
    } catch (error) {
      setTrouble(explainSignIn(error, 'token'));
      setBusy(false);
      field.current.focus();
    }
  };

  return html`<div class="sign-in">
    <${Title} text="Sign in" arrived=${arrived} />
    <p class="lead">Requests wait here for somebody’s yes or no. Sign in to see yours.</p>
    <div role="alert">${trouble && html`<p class="note bad" id="trouble">${trouble}</p>`}</div>
    ${retry && html`<button class="button primary wide" onClick=${retry}>Try the link again</button>`}
    ${oidc && html`<${Elsewhere} oidc=${oidc} /><p class="or"><span>or</span></p>`}
    <form onSubmit=${submit} novalidate>
      <label for="token">Token</label>
      <input id="token" type="password" ref=${field} autocomplete="current-password" autocapitalize="off" spellcheck=${false}
        aria-describedby="token-help${trouble ? ' trouble' : ''}" aria-invalid=${trouble ? 'true' : null} />
      <p class="quiet" id="token-help">Whoever runs Holdpoint gives you one. It stays on this page until you sign in, and is not kept.</p>
      <button class="button primary wide" aria-disabled=${busy}>${busy ? 'Signing in…' : 'Sign in'}</button>
    </form>
    <p class="quiet">Were you sent a link? Open it from the message: it signs you in for that one request.</p>
  </div>`;
}
