// The inbox: what waits for a decision, and what has been decided.
import { html, useEffect, useLayoutEffect, useRef, useState } from './preact.js';
import { useTime } from './clock.js';
import { useKeys } from './keyboard.js';
import { leaveListAt, useListing } from './listing.js';
import { approvalHash, go, listHash, pageOf, replace } from './navigation.js';
import { announce, Name, Note, Progress, StatusBadge, TimeLeft, Title, When } from './parts.js';
import { explain, STATUS } from './words.js';

const SEARCH_PAUSE_MS = 250;

function Search({ q, onSearch }) {
  const field = useRef();
  const timer = useRef();
  const typed = useRef(q);
  useEffect(() => {
    // The address may change by itself (back, a link); what is being typed is not touched.
    if (q !== typed.current && document.activeElement !== field.current) field.current.value = typed.current = q;
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = () => {
    clearTimeout(timer.current);
    typed.current = field.current.value.trim();
    onSearch(typed.current);
  };
  const later = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(search, SEARCH_PAUSE_MS);
  };
  const escape = (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    field.current.value = '';
    search();
    field.current.blur();
  };
  return html`<form role="search" class="search" onSubmit=${(event) => { event.preventDefault(); search(); }}>
    <label class="unseen" for="search">Search by document or requester</label>
    <input id="search" type="search" ref=${field} defaultValue=${q} placeholder="Search document or requester" autocomplete="off"
      onInput=${later} onKeyDown=${escape} enterkeyhint="search" />
  </form>`;
}

function Filters({ filter, onChange }) {
  return html`<div class="filters">
    <fieldset class="segments"><legend class="unseen">Status</legend>
      ${Object.entries(STATUS).map(([status, words]) => html`<label key=${status} class="segment">
        <input type="radio" name="status" value=${status} checked=${filter.status === status}
          onChange=${() => onChange({ status })} /><span>${words}</span></label>`)}
    </fieldset>
    <${Search} q=${filter.q} onSearch=${(q) => onChange({ q })} />
    ${filter.status === 'pending' && html`<div class="choices">
      <label class="choice"><input type="checkbox" checked=${filter.mine} onChange=${() => onChange({ mine: !filter.mine })} />
        I can decide</label>
      <label class="choice"><span class="order">Order</span>
        <select value=${filter.order} onChange=${(event) => onChange({ order: event.currentTarget.value })}>
          <option value="newest">Newest first</option>
          <option value="urgent">Most urgent first</option>
        </select></label>
    </div>`}
  </div>`;
}

function Row({ approval, onOpen }) {
  const id = approval.approval_id;
  const over = useTime((now) => Date.parse(approval.expires_at) <= now);
  const pending = approval.status === 'pending' && !approval.gone;
  return html`<li class="row ${approval.gone ? 'is-gone' : ''} ${pending && approval.may_decide ? 'is-mine' : ''}">
    <a href=${approvalHash(id)} data-id=${id} onClick=${() => onOpen(id)}>
      <span class="what"><span class="name"><${Name}>${approval.document_name}<//></span>
        <span class="about"><${Name}>${approval.requester}<//> · ${approval.kind && approval.kind !== 'document' && html`${approval.kind} · `}<${When} at=${approval.created_at} /></span></span>
      <span class="state">
        ${pending ? html`<${TimeLeft} approval=${approval} />` : html`<span>
          ${approval.gone ? html`<span class="badge">No longer pending</span>` : html`<${StatusBadge} status=${approval.status} />`}</span>`}
        ${approval.changes_requested && pending && html`<span class="badge is-changes">Changes requested</span>`}
        ${pending && html`<${Progress} progress=${approval.progress} />`}
        ${!pending && approval.decided_at && html`<span class="about">${approval.approver && html`<${Name}>${approval.approver}<//> · `}<${When} at=${approval.decided_at} /></span>`}
        ${pending && approval.may_decide && !over && html`<span class="unseen">You can decide this.</span>`}
      </span>
    </a></li>`;
}

function Nothing({ filter }) {
  if (filter.q) return html`<p class="nothing">Nothing found for “<${Name}>${filter.q}<//>”.</p>`;
  if (filter.status !== 'pending') return html`<p class="nothing">None yet.</p>`;
  return html`<div class="nothing"><p class="big">All clear.</p><p>${`Nothing waits for ${filter.mine ? 'your' : 'a'} decision. New requests appear here by themselves.`}</p></div>`;
}

/** Moves the focus among the rows; false when there is none to move to. */
function moveBy(step, list, onEnd) {
  const rows = [...list.querySelectorAll('a[data-id]')];
  if (rows.length === 0) return false;
  const at = rows.indexOf(document.activeElement);
  const to = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
  if (to >= rows.length) onEnd();
  rows[Math.max(0, Math.min(to, rows.length - 1))].focus();
  return true;
}

/** Arrows scroll the page, unless a row has the focus or nothing has. */
const isAmongRows = () => document.activeElement === document.body || document.activeElement.closest('a[data-id], h1');

function Trouble({ failing, onRetry }) {
  const { title } = explain(failing);
  return html`<span class="trouble">${title}. This may be old.</span> <button class="button small" onClick=${onRetry}>Try now</button>`;
}

export function ListPage({ filter, arrived }) {
  const list = useRef();
  const listing = useListing(filter);
  const { rows, stale, more, fresh, earlier, loading, failing, error, left } = listing;
  const changed = rows.filter((row) => row.gone).length;
  const [told, setTold] = useState('');
  const returns = rows.some((row) => row.approval_id === left.current.id);

  useLayoutEffect(() => {
    if (!left.current.id) return;
    scrollTo(0, left.current.scroll);
    list.current?.querySelector(`[data-id="${CSS.escape(left.current.id)}"]`)?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    if (fresh) announce(fresh === 1 ? '1 new request' : `${fresh} new requests`);
  }, [fresh]);
  useEffect(() => {
    if (stale || failing) return;
    const words = `${rows.length}${more ? ' or more' : ''} ${STATUS[filter.status].toLowerCase()}`;
    if (told) announce(rows.length ? words : more ? 'Nothing among the first 500' : 'Nothing found');
    setTold(words);
  }, [stale, JSON.stringify(filter)]);

  const change = (part) => replace(listHash({ ...pageOf(location.hash).filter, ...part })); // the search may come late
  const open = (id) => leaveListAt(id, scrollY);
  const decide = (decision) => () => {
    const id = document.activeElement.dataset?.id;
    if (!id) return false;
    open(id);
    go(`${approvalHash(id)}/${decision}`);
  };
  const move = (step) => moveBy(step, list.current ?? document, () => more && !loading && listing.showMore());
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => isAmongRows() && move(1),
    ArrowUp: () => isAmongRows() && move(-1),
    a: decide('approved'),
    r: decide('rejected'),
    c: decide('changes_requested'),
    '/': () => document.getElementById('search').focus(),
  });

  const showFresh = async () => {
    await listing.showFresh();
    scrollTo(0, 0);
    list.current?.querySelector('a')?.focus({ preventScroll: true });
  };
  const showMore = async () => {
    const before = rows.at(-1)?.approval_id;
    await listing.showMore();
    const last = list.current?.querySelector(`[data-id="${CSS.escape(before)}"]`);
    const next = last ? last.parentElement.nextElementSibling?.querySelector('a') : list.current?.querySelector('a');
    next?.focus();
  };

  return html`<div class="list-page">
    <${Title} text="Inbox" arrived=${arrived} keep=${returns} />
    <${Filters} filter=${filter} onChange=${change} />
    <div class="news">
      ${failing && rows.length > 0 ? html`<${Trouble} failing=${failing} onRetry=${listing.again} />` : html`<span class="quiet">
        ${rows.length > 0 && !stale && `${rows.length}${more ? ' shown' : ` ${STATUS[filter.status].toLowerCase()}`}`}</span>`}
      ${!failing && (fresh > 0 || changed > 0) && html`<button class="button small fresh" onClick=${showFresh}>
        ${fresh > 0 ? `Show ${fresh} new` : 'Update the list'}</button>`}
    </div>
    ${stale && rows.length === 0 && !failing && html`<p class="quiet" role="status">Loading…</p>`}
    ${failing && rows.length === 0 && html`<${Note} kind="bad" title=${explain(failing).title}>
      <p>Your requests could not be loaded.</p><button class="button" onClick=${listing.again}>Try again</button><//>`}
    ${!stale && !failing && rows.length === 0 && !more && html`<${Nothing} filter=${filter} />`}
    ${!stale && !failing && rows.length === 0 && more && html`<div class="nothing"><p>Nothing among the first 500.</p>
      <button class="button" aria-disabled=${Boolean(loading)} onClick=${showMore}>${loading === 'more' ? 'Looking…' : 'Look further'}</button></div>`}
    ${earlier && html`<p class="earlier"><button class="button" onClick=${showFresh}>Back to the first ones</button></p>`}
    ${rows.length > 0 && html`<ul class="rows ${stale ? 'is-stale' : ''}" ref=${list} aria-label="Requests">
      ${rows.map((approval) => html`<${Row} key=${approval.approval_id} approval=${approval} onOpen=${open} />`)}</ul>`}
    ${error && html`<p class="note bad inline" role="alert">${explain(error).title}. Try again.</p>`}
    ${more && rows.length > 0 && html`<p class="more"><button class="button" aria-disabled=${Boolean(loading)} onClick=${showMore}>
      ${loading === 'more' ? 'Loading…' : 'Show more'}</button>
      <span class="quiet">${rows.length} shown. Search, or put the most urgent first, to find one among many.</span></p>`}
  </div>`;
}
