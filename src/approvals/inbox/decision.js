// Deciding: choose, read what will happen, press. One intention has one idempotency key, however often it is sent.
import { html, useEffect, useLayoutEffect, useRef, useState } from './preact.js';
import { decide } from './api.js';
import { serverNow, useTime } from './clock.js';
import { useKeys } from './keyboard.js';
import { Changes, Note } from './parts.js';
import { consequence, explain, FORMS } from './words.js';

const COMMENTS_MAX = 4000; // characters; the server counts bytes and says so when they are too many
const ENDED = ['APPROVAL_ALREADY_DECIDED', 'APPROVAL_EXPIRED', 'WORKFLOW_ENDED', 'LINK_USED', 'ALREADY_VOTED', 'STAGE_NOT_OPEN',
  'OWN_REQUEST', 'NOT_AN_APPROVER', 'APPROVAL_NOT_FOUND'];

const drafts = new Map(); // approval id -> {decision, comments, intention}: what is typed outlives everything but signing out

export const forgetDrafts = () => drafts.clear();
export const draftedComments = (id) => drafts.get(id)?.comments.trim() ?? '';
export const isDeciding = (id) => Boolean(drafts.get(id)?.decision);

function draftOf(id) {
  if (!drafts.has(id)) drafts.set(id, { decision: '', comments: '', intention: null });
  return drafts.get(id);
}

/** A random UUID; browsers offer theirs on https and this machine only. */
function randomKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The same person, the same decision, the same words, about the same document: the same key. */
function intentionOf(draft, shownDigest) {
  const body = { decision: draft.decision, comments: draft.comments.trim(), shown_digest: shownDigest };
  const about = JSON.stringify(body);
  if (draft.intention?.about !== about) draft.intention = { about, body: { ...body, idempotency_key: randomKey() } };
  return draft.intention.body;
}

function Choices({ onChoose }) {
  return html`<h2 class="ask">Your decision</h2><div class="choose">
    <button class="button good" onClick=${() => onChoose('approved')}>Approve</button>
    <button class="button bad" onClick=${() => onChoose('rejected')}>Reject</button>
    <button class="button" onClick=${() => onChoose('changes_requested')}>Ask for changes</button>
  </div>`;
}

function Problem({ error }) {
  const { title, text } = explain(error);
  return html`<${Note} kind="bad" title=${title} level=${3} focused=${error}><p>${text}</p>
    ${error.code === 'DOCUMENT_CHANGED' && error.details?.changes && html`<${Changes} changes=${error.details.changes} />`}<//>`;
}

function Form({ approval, draft, problem, busy, blockedUntil, onSend, onClose }) {
  const words = FORMS[draft.decision];
  const required = draft.decision !== 'approved';
  const field = useRef();
  const form = useRef();
  const [missing, setMissing] = useState(false);
  const wait = useTime((now) => Math.max(0, Math.ceil((blockedUntil - now) / 1000)));
  useLayoutEffect(() => {
    if (problem) return;
    if (required) field.current.focus();
    else form.current.querySelector('h2').focus({ preventScroll: true }); // the form is in view; the document stays where it is
  }, [draft.decision]);

  const submit = (event) => {
    event.preventDefault();
    if (busy || wait > 0) return;
    if (required && !draft.comments.trim()) {
      setMissing(true);
      field.current.focus();
      return;
    }
    onSend();
  };
  const keyDown = (event) => {
    if (event.key === 'Escape' && !event.isComposing) {
      event.preventDefault();
      onClose();
    }
  };
  /** The second click of a double click on what opened the form may land here. */
  const firstClick = (event) => { if (event.detail > 1) event.preventDefault(); };
  const typed = (event) => {
    draft.comments = event.currentTarget.value;
    if (missing && draft.comments.trim()) setMissing(false);
  };
  const again = problem && (problem.kind !== 'refused' || problem.code === 'TOO_MANY_REQUESTS');
  const label = wait > 0 ? `Wait ${wait} s` : busy ? words.sending : again ? 'Try again' : words.button;
  const tone = { approved: 'good filled', rejected: 'bad filled', changes_requested: 'primary' }[draft.decision];
  return html`<form class="decide" ref=${form} onSubmit=${submit} onKeyDown=${keyDown} novalidate>
    <h2 tabindex="-1">${words.title}</h2>
    <p class="consequence" id="consequence">${consequence(approval, draft.decision)}</p>
    ${problem && html`<${Problem} error=${problem} />`}
    <label for="comments">${words.label}</label>
    <textarea id="comments" ref=${field} rows="3" dir="auto" maxlength=${COMMENTS_MAX} defaultValue=${draft.comments} onInput=${typed}
      aria-required=${required ? 'true' : null} aria-invalid=${missing ? 'true' : null} aria-describedby=${missing ? 'missing' : null}></textarea>
    ${missing && html`<p class="missing" id="missing" role="alert">The requester needs to know why. Write a few words.</p>`}
    <div class="buttons">
      <button class="button ${tone}" aria-disabled=${busy || wait > 0} aria-describedby="consequence" onClick=${firstClick}>${label}</button>
      <button type="button" class="button" onClick=${onClose}>Not now</button>
    </div>
  </form>`;
}

/**
 * `approval`: as this person sees it. `start`: the decision to begin with. `onDeciding(bool)`: a form is open, so what is shown must
 * stay. `onAnswer(approval, decision)`: decided. `onRefused(error, comments)`: it can no longer be. `onChanged()`: show the new document.
 */
export function Decision({ approval, start, onDeciding, onAnswer, onRefused, onChanged }) {
  const draft = draftOf(approval.approval_id);
  const [, render] = useState(0);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [blockedUntil, setBlockedUntil] = useState(0);
  const sending = useRef(false); // a second press finds it set, even before anything is drawn again
  const section = useRef();

  const choose = (decision) => {
    if (sending.current) return;
    draft.decision = decision;
    setProblem(null);
    onDeciding(Boolean(decision));
    render((count) => count + 1);
  };
  useEffect(() => {
    if (start) draft.decision = start;
    if (draft.decision) choose(draft.decision);
    return () => onDeciding(false);
  }, []);

  const closed = useRef('');
  const close = () => {
    closed.current = draft.decision;
    choose('');
  };
  useLayoutEffect(() => { // back to the button that opened the form
    if (draft.decision || !closed.current) return;
    section.current.querySelectorAll('.choose button')[Object.keys(FORMS).indexOf(closed.current)].focus({ preventScroll: true });
  }, [draft.decision]);

  const send = async () => {
    if (sending.current) return;
    sending.current = true;
    setBusy(true);
    const decision = draft.decision;
    try {
      const { data } = await decide(approval.approval_id, intentionOf(draft, approval.shown_digest));
      drafts.delete(approval.approval_id);
      onAnswer(data, decision);
    } catch (error) {
      if (ENDED.includes(error.code)) {
        drafts.delete(approval.approval_id);
        onRefused(error, draft.comments.trim());
        return;
      }
      if (error.code === 'TOO_MANY_REQUESTS') setBlockedUntil(serverNow() + 1000 * (error.details?.retry_after_seconds ?? 5));
      if (error.code === 'DOCUMENT_CHANGED') await onChanged().catch(() => {});
      setProblem(error);
    } finally {
      sending.current = false;
      setBusy(false);
    }
  };
  useKeys({
    a: () => choose('approved'),
    r: () => choose('rejected'),
    c: () => choose('changes_requested'),
    Escape: () => (draft.decision ? close() : false), // wherever the focus is
  });

  return html`<section class="decision" ref=${section} aria-label="Your decision">
    ${draft.decision
      ? html`<${Form} key=${draft.decision} ...${{ approval, draft, problem, busy, blockedUntil }} onSend=${send} onClose=${close} />`
      : html`<${Choices} onChoose=${choose} />`}
  </section>`;
}
