// What is not for deciding: the messages that were sent from this server, and how long people wait for their answers.
import { html, useState } from './preact.js';
import { readOutbox, readServiceLevels } from './api.js';
import { lasting } from './clock.js';
import { Name, Note, safeAddress, Title, When } from './parts.js';
import { usePolling } from './polling.js';
import { explain } from './words.js';

const ABSENT = {
  outbox: 'This server keeps no outbox: its messages go out by other ways.',
  levels: 'This server has no service levels to show, or they are not for you to see.',
};

/** A page of what `read` answers, again and again. */
function Report({ title, read, absent, arrived, children }) {
  const [data, setData] = useState(null);
  const { failing, again } = usePolling(async ({ isCurrent }) => {
    const answer = await read();
    if (isCurrent() && JSON.stringify(answer) !== JSON.stringify(data)) setData(answer);
  }, title);
  const isAbsent = failing?.kind === 'refused';
  return html`<${Title} text=${title} arrived=${arrived} />
    ${isAbsent && html`<p class="nothing">${absent}</p>`}
    ${failing && !isAbsent && html`<${Note} kind="warn" title=${explain(failing).title}><button class="button" onClick=${again}>Try again</button><//>`}
    ${!data && !failing && html`<p class="quiet" role="status">Loading…</p>`}
    ${data && !isAbsent && children(data)}`;
}

/** Text with its web addresses as links. */
function Linked({ text }) {
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((part, at) => {
    const address = at % 2 ? safeAddress(part) : '';
    return address ? html`<a key=${at} href=${address} rel="noopener noreferrer">${part}</a>` : part;
  });
}

const Message = ({ message }) => html`<li class="card message"><h2><${Name}>${message.subject}<//></h2>
  <p class="quiet">to <${Name}>${message.to}<//> · <${When} at=${message.at} /></p>
  <p class="letter" dir="auto"><${Linked} text=${message.body} /></p></li>`;

export const OutboxPage = ({ arrived }) => html`<${Report} title="Outbox" read=${readOutbox} absent=${ABSENT.outbox} arrived=${arrived}>
  ${(messages) => html`<p class="lead">Messages to you, kept here because this server sends no mail. Links in them decide in your name: treat them like keys.</p>
    ${messages.length === 0 ? html`<p class="nothing">There are no messages for you yet.</p>`
      : html`<ul class="messages">${messages.map((message, at) => html`<${Message} key=${`${message.at} ${message.to} ${at}`} message=${message} />`)}</ul>`}`}<//>`;

const time = (seconds) => (seconds == null ? '—' : lasting(seconds * 1000));
const COLUMNS = [
  ['Pending', (group) => group.pending],
  ['Oldest', (group) => (group.pending ? time(group.oldest_seconds) : '—')],
  ['Decided', (group) => group.decided],
  ['Half within', (group) => (group.decided ? time(group.median_seconds) : '—')],
  ['9 of 10 within', (group) => (group.decided ? time(group.p90_seconds) : '—')],
  ['Too late', (group) => group.breached],
];

const Group = ({ group }) => html`<tr role="row"><th role="rowheader" scope="row"><${Name}>${group.name}<//></th>
  ${COLUMNS.map(([head, value]) => html`<td key=${head} role="cell" class=${head === 'Too late' && group.breached > 0 ? 'is-late' : ''}>
    <span class="head" aria-hidden="true">${head}</span><span>${value(group)}</span></td>`)}</tr>`;

// Roles are named because small screens lay the table out as cards, and some browsers then forget that it is one.
export const ServiceLevelsPage = ({ arrived }) => html`<${Report} title="Service levels" read=${readServiceLevels} absent=${ABSENT.levels} arrived=${arrived}>
  ${({ groups, complete }) => groups.length === 0 ? html`<p class="nothing">Nothing has been asked of anybody yet.</p>`
    : html`<p class="lead">How long requests wait for each group’s decision. What has ended is of the last 30 days.${
      complete === false && ' There are too many to count them all: the figures leave some out.'}</p>
      <table class="levels card" role="table" aria-label="Service levels by group"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Group</th>
        ${COLUMNS.map(([head]) => html`<th key=${head} role="columnheader" scope="col">${head}</th>`)}</tr></thead>
      <tbody role="rowgroup">${groups.map((group) => html`<${Group} key=${group.name} group=${group} />`)}</tbody></table>`}<//>`;
