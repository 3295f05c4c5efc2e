// One request: the document, who decides, how far it is, what happened; and the decision.
import { html, useEffect, useRef, useState } from './preact.js';
import { Amending } from './amend.js';
import { readApproval } from './api.js';
import { exactly, useTime } from './clock.js';
import { Decision, draftedComments, isDeciding } from './decision.js';
import { useKeys } from './keyboard.js';
import { endedElsewhere, leaveListAt, listAddress, neighbours } from './listing.js';
import { approvalHash, go, replace } from './navigation.js';
import { announce, Changes, isOver, Name, Note, Progress, safeAddress, StatusBadge, TimeLeft, Title, When } from './parts.js';
import { usePolling } from './polling.js';
import { DECIDED, eventWords, explain, FIXED, FORMS, PROOF, STAGE, standing, votersOf, whoDecided } from './words.js';

/** What differs between two documents, in the words of the API's own answer. */
function differences(before, after) {
  const old = new Map(before.fields.map(({ name, value }) => [name, value]));
  const now = new Map(after.fields.map(({ name, value }) => [name, value]));
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => old.get(name) !== now.get(name))
    .map((name) => ({ name, before: old.get(name) ?? '', after: now.get(name) ?? '' }));
}

function DocumentLink({ link }) {
  const address = safeAddress(link);
  if (!address) return html`<p class="quiet">Its link is not a web address, so it is not shown.</p>`;
  return html`<p class="open-document"><a class="button" href=${address} target="_blank" rel="noopener noreferrer">Open the document
    <span class="host">${new URL(address).host}</span><span class="unseen"> (new tab)</span></a></p>`;
}

function Document({ approval }) {
  return html`<section class="card document"><h2>Document</h2>
    <dl class="fields">${approval.fields.map(({ name, value }) => html`<div key=${name}><dt><${Name}>${name}<//></dt><dd dir="auto">${value}</dd></div>`)}
      <div><dt>Document id</dt><dd><${Name}>${approval.document_id}<//></dd></div></dl>
    ${approval.link && html`<${DocumentLink} link=${approval.link} />`}</section>`;
}

/** For whoever did not make the change and has not seen the version before. */
function LastChange({ approval }) {
  const amended = approval.history.findLast((event) => event.event === 'amended');
  if (!amended?.changes || approval.status !== 'pending' || approval.may_amend) return null;
  return html`<section class="card last-change"><h2>Changed in version ${approval.document_version}</h2>
    <p class="quiet"><${When} at=${amended.at} /> · what was decided before does not count any more</p>
    <${Changes} changes=${amended.changes} /></section>`;
}

const Vote = ({ vote }) => html`<li class="vote is-${vote.decision}"><p><strong><${Name}>${vote.person}<//></strong> ${DECIDED[vote.decision] ?? vote.decision}
  <span class="quiet"> · <${When} at=${vote.at} />${vote.proof && `, ${PROOF[vote.proof] ?? vote.proof}`}</span></p>
  ${vote.comments && html`<blockquote dir="auto">${vote.comments}</blockquote>`}</li>`;

function Stage({ stage }) {
  const approved = stage.votes.filter((vote) => vote.decision === 'approved').length;
  return html`<li class="stage is-${stage.state}" aria-current=${stage.state === 'open' ? 'step' : null}>
    <h3><${Name}>${stage.name}<//> <span class="badge is-${stage.state}">${STAGE[stage.state] ?? stage.state}</span></h3>
    <p class="quiet">${votersOf(stage)}${stage.required > 1 && html` · <span>${approved} so far</span>`}</p>
    ${stage.votes.length > 0 && html`<ul class="votes">${stage.votes.map((vote, at) => html`<${Vote} key=${at} vote=${vote} />`)}</ul>`}</li>`;
}

const Stages = ({ approval }) => html`<section class="card"><h2>Who decides</h2>
  <p class="policy"><${Name}>${approval.policy.text}<//>
    <span class="quiet"> · policy <${Name}>${approval.policy.name}<//>, version ${approval.policy.version}</span></p>
  <ol class="stages">${approval.stages.map((stage) => html`<${Stage} key=${stage.name} stage=${stage} />`)}</ol></section>`;

const Event = ({ event }) => html`<li><p><strong>${eventWords(event.event)}</strong>${event.actor && html` · <${Name}>${event.actor}<//>`}
  <span class="quiet"> ${PROOF[event.proof] ?? event.proof} · <time datetime=${event.at}>${exactly(event.at)}</time></span></p>
  ${event.comments && html`<blockquote dir="auto">${event.comments}</blockquote>`}
  ${event.changes && html`<${Changes} changes=${event.changes} />`}
  ${Object.keys(event.details ?? {}).length > 0 && html`<p class="quiet"><${Name}>${Object.entries(event.details)
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${typeof value === 'object' ? JSON.stringify(value) : value}`).join(' · ')}<//></p>`}</li>`;

function History({ history }) {
  const details = useRef();
  useEffect(() => { // what is closed would not be printed
    const open = () => { details.current.open = true; };
    addEventListener('beforeprint', open);
    return () => removeEventListener('beforeprint', open);
  }, []);
  return html`<section class="card history"><details ref=${details} open=${history.length <= 6}>
    <summary><h2>History</h2> <span class="quiet">${history.length} ${history.length === 1 ? 'entry' : 'entries'}</span></summary>
    <ol>${history.map((event) => html`<${Event} key=${event.seq} event=${event} />`)}</ol></details></section>`;
}

/** What there is instead of a decision: what came of it, or why this person may not. */
function Outcome({ approval, outcome, onNext, only, ended }) {
  const pending = approval.status === 'pending';
  const onward = html`${ended && html`<p class="quiet">Your link has ended, so this page stays as it is now.</p>`}<p class="buttons">${onNext && html`<button class="button primary" onClick=${onNext}>Next request</button>`}
    ${!only && html`<a class="button" href=${listAddress()}>Back to the inbox</a>`}</p>`;
  if (outcome?.decision) {
    return html`<${Note} kind=${outcome.decision === 'rejected' ? 'bad' : outcome.decision === 'approved' ? 'good' : 'warn'} title=${FORMS[outcome.decision].done} focused>
      <p>${standing(approval)}</p>${onward}<//>`;
  }
  if (outcome?.error) {
    const { title, text } = explain(outcome.error);
    return html`<${Note} kind="warn" title=${title} focused><p>${text}</p>
      ${whoDecided(approval) && html`<p><strong><${Name}>${whoDecided(approval)}<//></strong></p>`}
      ${!pending && html`<p>${standing(approval)}</p>`}
      ${outcome.comments && html`<p class="quiet">You had written: <${Name}>${outcome.comments}<//></p>`}${onward}<//>`;
  }
  const draft = draftedComments(approval.approval_id); // whatever ended it may have come while they were writing
  const wasDeciding = isDeciding(approval.approval_id); // the form that had the focus is gone
  const written = draft && html`<p class="quiet">You had written: <${Name}>${draft}<//></p>`;
  if (!pending) {
    return html`<${Note} kind=${{ approved: 'good', rejected: 'bad' }[approval.status] ?? 'info'} title=${whoDecided(approval) || 'Time is up'} focused=${wasDeciding}>
      ${approval.comments && html`<blockquote dir="auto">${approval.comments}</blockquote>`}<p>${standing(approval)}</p>${written}${onward}<//>`;
  }
  const refusal = isOver(approval) ? { code: 'APPROVAL_EXPIRED' } : ended ? { code: 'LINK_ENDED' } : approval.may_decide;
  const { title, text } = explain({ kind: 'refused', ...refusal });
  return html`<${Note} title=${title} focused=${ended || wasDeciding}><p>${text}${ended && isOver(approval) && ' Your link ended with it, so ask the requester what became of it.'}</p>
    ${refusal.message && refusal.message !== text && html`<p class="quiet">${refusal.message}</p>`}
    ${refusal.code === 'OWN_REQUEST' && approval.amendable === false && html`<p>${FIXED}</p>`}
    ${written}${!ended && onward}<//>`;
}

function Head({ approval, arrived }) {
  const pending = approval.status === 'pending';
  return html`<div class="head"><${Title} text=${approval.document_name} arrived=${arrived}><${Name}>${approval.document_name}<//><//>
    <p class="about">Requested by <${Name}>${approval.requester}<//>${approval.kind && approval.kind !== 'document' && html` · ${approval.kind}`} · <${When} at=${approval.created_at} /></p>
    <p class="marks">${pending ? html`<${TimeLeft} approval=${approval} /> ${!isOver(approval) && html`<${Progress} progress=${approval.progress} />`}` : html`<${StatusBadge} status=${approval.status} />`}
      ${approval.changes_requested && pending && html` <span class="badge is-changes">Changes requested</span>`}</p></div>`;
}

const LAST_MINUTE_MS = 60e3;

/** The page of one request that has been read. `news`: as the server has it now; what is shown may lag behind while one decides. */
function Request({ news, start, only, ended, arrived, failing, onRetry, onAnswer, onRefresh }) {
  const [shown, setShown] = useState(news); // the document that this person has seen
  const [changes, setChanges] = useState(null);
  const [deciding, setDeciding] = useState(false);
  const [outcome, setOutcome] = useState(null);
  const is_new_document = news.shown_digest !== shown.shown_digest;
  useEffect(() => {
    if (!is_new_document || deciding) return;
    setChanges(differences(shown, news));
    setShown(news);
    announce('The document has changed');
  }, [is_new_document, deciding, news]);

  // The document is as it was shown; everything else is as new as can be.
  const approval = { ...news, fields: shown.fields, link: shown.link, shown_digest: shown.shown_digest, document_name: shown.document_name };
  const over = useTime(() => isOver(approval));
  const lastMinute = useTime((now) => !over && Date.parse(approval.expires_at) - now < LAST_MINUTE_MS);
  const open = approval.status === 'pending' && approval.may_decide.allowed && !over && !outcome && !ended;
  useEffect(() => { if (open && lastMinute) announce('Less than a minute left'); }, [open && lastMinute]);
  useEffect(() => { if (over && approval.status === 'pending') onRefresh(); }, [over]);
  const status = useRef(approval.status);
  useEffect(() => {
    endedElsewhere(news);
    if (status.current !== news.status && !outcome) announce(`${whoDecided(news)} ${standing(news)}`);
    status.current = news.status;
  }, [news.status]);

  useEffect(() => { if (ended) announce('Your link has ended'); }, [ended]);
  const answered = (data, decision) => {
    setOutcome({ decision });
    setChanges(null);
    onAnswer(data);
    announce(FORMS[decision].done);
  };
  const refused = (error, comments) => {
    setOutcome({ error, comments });
    onRefresh();
  };
  const changed = async () => {
    const fresh = await onRefresh();
    if (fresh) setShown(fresh);
  };
  const amended = (data) => {
    setShown(onAnswer(data));
    setChanges(null);
  };
  const amends = approval.status === 'pending' && approval.may_amend && !over && !ended;
  const id = approval.approval_id;
  const to = (neighbour) => () => {
    if (!neighbour || deciding) return false;
    leaveListAt(neighbour.approval_id, 0);
    replace(approvalHash(neighbour.approval_id));
  };
  const { previous, next } = only ? {} : neighbours(id);
  useKeys({ j: to(next), k: to(previous), Escape: () => (only || deciding ? false : go(listAddress())) });

  return html`<article class="request">
    <${Head} approval=${approval} arrived=${arrived} />
    <div class="body">
      ${failing && html`<p class="note warn inline">${explain(failing).title}. This may be old; trying again by itself.
        <button class="button small" onClick=${onRetry}>Try now</button></p>`}
      ${changes && changes.length > 0 && html`<${Note} kind="warn" title="The document has just changed"><${Changes} changes=${changes} /><//>`}
      ${!is_new_document && !changes?.length && html`<${LastChange} approval=${approval} />`}
      <${Document} approval=${approval} />
      <${Stages} approval=${approval} />
    </div>
    <div class="aside ${open ? 'is-open' : ''} ${deciding && open ? 'is-deciding' : ''}">
      ${open
        ? html`<${Decision} approval=${approval} start=${start} onDeciding=${setDeciding} onAnswer=${answered} onRefused=${refused} onChanged=${changed} />`
        : html`<${Outcome} approval=${approval} outcome=${outcome} only=${only} ended=${ended} onNext=${next && next.approval_id !== id && to(next)} />`}
      ${amends && html`<${Amending} approval=${approval} onOpen=${setDeciding} onAmended=${amended} onRefresh=${changed} />`}
    </div>
    <${History} history=${approval.history} />
  </article>`;
}

const flat = ({ approval, stages, may_decide, history }) => ({ ...approval, stages, may_decide, history });

/** `start`: the decision that its form opens with. `only`: the one request that this session may see; `ended`: and it has. */
export function DetailPage({ id, start, only, ended, arrived }) {
  const [news, setNews] = useState(null);
  const etag = useRef('');
  const taken = useRef(0); // an answer that was asked for before the last one came is old
  const take = (answer) => {
    taken.current += 1;
    etag.current = answer.etag ?? '';
    const approval = flat(answer.data);
    setNews(approval);
    return approval;
  };
  const { failing, again } = usePolling(async ({ afresh, isCurrent }) => {
    if (ended) return;
    const before = taken.current;
    const answer = await readApproval(id, afresh ? '' : etag.current);
    if (answer && isCurrent() && taken.current === before) take(answer);
  }, id);
  const refresh = async () => {
    const answer = await readApproval(id).catch(() => null);
    return answer && take(answer);
  };
  const gone = failing?.kind === 'refused' && failing.code === 'APPROVAL_NOT_FOUND';
  const trouble = ended ? explain({ code: 'LINK_ENDED' }) : failing && explain(failing);
  useKeys({ Escape: () => (news || only ? false : go(listAddress())) });
  return html`<div class="detail-page">
    ${!only && html`<p class="back"><a href=${listAddress()}>‹ Inbox</a></p>`}
    ${news && !gone
      ? html`<${Request} news=${news} start=${start} only=${only} ended=${ended} arrived=${arrived} failing=${!ended && failing} onRetry=${again}
          onAnswer=${(data) => take({ data })} onRefresh=${refresh} />`
      : failing || ended
        ? html`<${Title} text=${trouble.title} arrived=${arrived} /><p>${gone || ended ? trouble.text : 'The request could not be loaded.'}</p>
            ${!gone && !ended && html`<button class="button" onClick=${again}>Try again</button>`}`
        : html`<p class="quiet" role="status">Loading…</p>`}
  </div>`;
}
