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

let csrfToken = '';
let signedOut = () => {};

/** Called with the details of the 401 whenever the session turns out to have ended. */
export const onSignedOut = (listener) => { signedOut = listener; };

async function answerOf(path, { method = 'GET', body, etag } = {}) {
  const headers = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method === 'POST') headers['x-csrf-token'] = csrfToken;
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
  if (data.csrf_token) csrfToken = data.csrf_token;
  return { data, etag: response.headers.get('etag') };
}

/** As `call`, for what needs a session. */
async function asPerson(path, options) {
  try {
    return await call(path, options);
  } catch (error) {
    if (error.status === 401) signedOut(error.details ?? {});
    throw error;
  }
}

const approvalPath = (id) => `api/approvals/${encodeURIComponent(id)}`;

export const whoAmI = async () => (await call('api/me')).data;
export const signIn = async (proof) => (await call('api/sign-in', { method: 'POST', body: proof })).data;
export const signOut = () => call('api/sign-out', { method: 'POST', body: {} });
export const listApprovals = (query, etag) => asPerson(`api/approvals?${new URLSearchParams(query)}`, { etag });
export const readApproval = (id, etag) => asPerson(approvalPath(id), { etag });
export const readOutbox = async () => (await asPerson('api/outbox')).data.messages;
export async function readServiceLevels() {
  const { groups, complete } = (await asPerson('api/service-levels')).data;
  return { groups, complete };
}

/** Once more when the session has a new token. */
async function change(path, body) {
  const send = () => asPerson(path, { method: 'POST', body });
  try {
    return await send();
  } catch (error) {
    if (error.code !== 'CSRF') throw error;
    await whoAmI(); // brings the session's new token
    return send();
  }
}

/** The same `idempotency_key` may be sent again: the server decides once. */
export const decide = (id, decision) => change(`${approvalPath(id)}/decision`, decision);
/** What is named changes; null takes it away. The same again changes nothing more. */
export const amend = (id, amendment) => change(`${approvalPath(id)}/document`, amendment);
