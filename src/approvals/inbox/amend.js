// Changing the document of one's own request while it waits. Votes start anew, and whoever decides is shown what changed.
import { html, useEffect, useLayoutEffect, useRef, useState } from './preact.js';
import { amend } from './api.js';
import { useKeys } from './keyboard.js';
import { announce, Changes, Name, Note } from './parts.js';
import { explain } from './words.js';

const ENDED = ['APPROVAL_ALREADY_DECIDED', 'APPROVAL_EXPIRED', 'WORKFLOW_ENDED'];

const drafts = new Map(); // approval id -> {before, typed}: outlives everything but "Not now" and signing out

export const forgetAmendments = () => drafts.clear();

function draftOf(approval) {
  if (!drafts.has(approval.approval_id)) drafts.set(approval.approval_id, { before: approval, typed: {} });
  return drafts.get(approval.approval_id);
}

/** What was typed, as far as it is not what the form began with: the body of the change. An emptied link or line goes away. */
function amendmentOf(before, form) {
  const typed = (name) => form.elements[name].value.trim();
  const amendment = {};
  if (typed('document_name') !== before.document_name) amendment.document_name = typed('document_name');
  if (typed('link') !== (before.link ?? '')) amendment.link = typed('link') || null;
  const changed = before.fields.map(({ name, value }, at) => [name, value, typed(`field-${at}`)]).filter(([, value, now]) => now !== value);
  if (changed.length > 0) amendment.fields = Object.fromEntries(changed.map(([name, , now]) => [name, now || null]));
  return amendment;
}

function Problem({ error }) {
  const { title, text } = error.code === 'DOCUMENT_CHANGED'
    ? { title: 'The document has changed meanwhile', text: 'Nothing was saved. Look at what changed, then save again.' }
    : ENDED.includes(error.code) ? { title: 'The request has ended', text: 'Its document stays as it was.' } : explain(error);
  return html`<${Note} kind="bad" title=${title} level=${3} focused=${error}><p>${text}</p>
    ${error.code === 'DOCUMENT_CHANGED' && error.details?.changes && html`<${Changes} changes=${error.details.changes} />`}<//>`;
}

const Line = ({ id, label, value }) => html`<label for=${id}><${Name}>${label}<//></label>
  <textarea id=${id} name=${id} dir="auto" rows=${value.includes('\n') ? 4 : 1} defaultValue=${value}></textarea>`;

function Form({ approval, problem, busy, onSave, onClose }) {
  const form = useRef();
  const { before, typed } = useRef(draftOf(approval)).current; // what others change meanwhile is not changed back
  const [nothing, setNothing] = useState(false);
  useLayoutEffect(() => form.current.querySelector('h2').focus({ preventScroll: true }), []);
  const submit = (event) => {
    event.preventDefault();
    if (busy) return;
    const amendment = amendmentOf(before, form.current);
    setNothing(Object.keys(amendment).length === 0);
    if (Object.keys(amendment).length > 0) onSave({ ...amendment, shown_digest: approval.shown_digest });
  };
  const keyDown = (event) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.preventDefault();
    onClose();
  };
  useKeys({ Escape: onClose }); // wherever the focus is
  const type = (event) => { typed[event.target.name] = event.target.value; };
  return html`<form class="decide amend card" ref=${form} onSubmit=${submit} onKeyDown=${keyDown} onInput=${type} novalidate>
    <h2 tabindex="-1">Change the document</h2>
    <p class="consequence" id="amending">Whoever has voted votes again, and is shown what changed. A line that you empty goes away.</p>
    ${problem && html`<${Problem} error=${problem} />`}
    <label for="document_name">Name</label>
    <input type="text" id="document_name" name="document_name" dir="auto" defaultValue=${typed.document_name ?? before.document_name} />
    ${before.fields.map(({ name, value }, at) => html`<${Line} key=${name} id=${`field-${at}`} label=${name} value=${typed[`field-${at}`] ?? value} />`)}
    <label for="link">Link to the document</label>
    <input type="text" id="link" name="link" inputmode="url" defaultValue=${typed.link ?? before.link ?? ''} />
    ${nothing && html`<p class="missing" role="alert">Nothing is changed yet.</p>`}
    <div class="buttons">
      <button class="button primary" aria-disabled=${busy} aria-describedby="amending">${busy ? 'Saving…' : 'Save the changes'}</button>
      <button type="button" class="button" onClick=${onClose}>Not now</button>
    </div>
  </form>`;
}

/**
 * `onOpen(bool)`: the form is open, so what is shown must stay. `onAmended(answer)`: it is changed. `onRefresh()`: show the document, or
 * what became of the request, as it is now.
 */
export function Amending({ approval, onOpen, onAmended, onRefresh }) {
  const id = approval.approval_id;
  const [open, setOpen] = useState(drafts.has(id));
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const button = useRef();
  useEffect(() => {
    if (open) onOpen(true);
    return () => onOpen(false);
  }, []);
  const show = (is_open) => {
    if (!is_open) drafts.delete(id);
    setOpen(is_open);
    setProblem(null);
    onOpen(is_open);
  };
  const was_open = useRef(false);
  useLayoutEffect(() => { // back to the button that opened the form
    if (!open && was_open.current) button.current?.focus({ preventScroll: true });
    was_open.current = open;
  }, [open]);
  const save = async (amendment) => {
    setBusy(true);
    try {
      const { data } = await amend(id, amendment);
      show(false);
      onAmended(data);
      announce('The document is changed');
    } catch (error) {
      setProblem(error);
      if (error.code === 'DOCUMENT_CHANGED' || ENDED.includes(error.code)) await onRefresh();
    } finally {
      setBusy(false);
    }
  };
  return open
    ? html`<${Form} ...${{ approval, problem, busy }} onSave=${save} onClose=${() => show(false)} />`
    : html`<p class="buttons"><button class="button" ref=${button} onClick=${() => show(true)}>Change the document</button></p>`;
}
