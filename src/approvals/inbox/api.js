// The JSON API (docs/approvals-api.md). What goes wrong is an ApiError, which says what kind of wrong it is.
import { synchronise } from './clock.js';

const WAIT_SECONDS = 20;

export class ApiError extends Error {
  /** kind: `offline` (no answer came), `server` (it failed), `refused` (it said no, and `code` says why). */
  constructor(kind, { status = 0, code = '', message = '', details = {} } = {}) {
    super(message);
    Object.assign(this, { kind, status, code, details });
  }
}

// The session that this page uses. A browser has several at once: that of its inbox, and one for each link that it opened.
let csrfToken = '';
let person = '';
let linkApproval = ''; // of a link: the approval that it is for
let signedOut = () => {};
let becameAnother = () => {};

/** Called with the details of the 401 whenever the session turns out to have ended. */
export const onSignedOut = (listener) => { signedOut = listener; };
/** Called when another tab has signed in somebody else, with what the server says of them. */
export const onAnotherPerson = (listener) => { becameAnother = listener; };

function enter(me) {
  [csrfToken, person, linkApproval] = [me.csrf_token, me.identity.name, me.only_approval ?? ''];
  return me;
}

async function answerOf(path, { method = 'GET', body, etag } = {}) {
  const headers = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (csrfToken) headers['x-csrf-token'] = csrfToken; // also to read: what is for somebody else is not for this page
  if (linkApproval) headers['x-holdpoint-approval'] = encodeURIComponent(linkApproval);
  if (etag) headers['if-none-match'] = etag;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), WAIT_SECONDS * 1000);
  try {
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: 'no-store', signal: patience.signal });
    return { response, text: await response.text() };
  } catch {
    throw new ApiError('offline');
  } finally {
    clearTimeout(timer);
  }
}

/** {data, etag}, or null for "not changed". */
async function call(path, options) {
  const { response, text } = await answerOf(path, options);
  if (response.status === 304) return null;
  if (response.status === 204) return { data: {} };
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ApiError('server', { status: response.status });
  }
  if (!response.ok) {
    const error = { details: {}, ...data?.error, status: response.status };
    throw new ApiError(response.status >= 500 ? 'server' : 'refused', error);
  }
  if (data.now) synchronise(data.now);
  return { data, etag: response.headers.get('etag') };
}

/** As `call`, for what needs a session. Once more when the same person has a new one; never as somebody else. */
async function asPerson(path, options, isAgain = false) {
  const asked = person;
  try {
    return await call(path, options);
  } catch (error) {
    if (error.status === 401) signedOut(error.details ?? {});
    if (error.code !== 'CSRF' || isAgain) throw error;
  }
  const me = enter((await asPerson('api/me')).data);
  if (me.identity.name === asked) return asPerson(path, options, true);
  becameAnother(me);
  throw new ApiError('refused', { code: 'ANOTHER_PERSON' });
}

const approvalPath = (id) => `api/approvals/${encodeURIComponent(id)}`;

/** Of the inbox's session, or of that of a link to one approval. */
export async function whoAmI(approval = '') {
  linkApproval = approval;
  return enter((await call('api/me')).data);
}
export const signIn = async (proof) => enter((await call('api/sign-in', { method: 'POST', body: proof })).data);
export const signOut = () => call('api/sign-out', { method: 'POST', body: {} });
export const listApprovals = (query, etag) => asPerson(`api/approvals?${new URLSearchParams(query)}`, { etag });
export const readApproval = (id, etag) => asPerson(approvalPath(id), { etag });
export const readOutbox = async () => (await asPerson('api/outbox')).data.messages;
export async function readServiceLevels() {
  const { groups, complete } = (await asPerson('api/service-levels')).data;
  return { groups, complete };
}

/** The same `idempotency_key` may be sent again: the server decides once. */
export const decide = (id, decision) => asPerson(`${approvalPath(id)}/decision`, { method: 'POST', body: decision });
/** What is named changes; null takes it away. The same again changes nothing more. */
export const amend = (id, amendment) => asPerson(`${approvalPath(id)}/document`, { method: 'POST', body: amendment });
