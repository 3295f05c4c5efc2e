// Small pieces that several pages are made of. Whatever somebody else wrote goes in as text, in its own direction.
import { html, useEffect, useLayoutEffect, useRef } from './preact.js';
import { ago, exactly, isUrgent, lasting, serverNow, useTime } from './clock.js';
import { STATUS } from './words.js';

/** Says it to those who listen to the page instead of looking at it. */
export function announce(text) {
  const live = document.getElementById('live');
  live.textContent = '';
  setTimeout(() => { live.textContent = text; }, 60); // a change that a screen reader notices, even of the same words
}

export const Name = ({ children }) => html`<bdi>${children}</bdi>`;

export const StatusBadge = ({ status }) => html`<span class="badge is-${status}">${STATUS[status] ?? status}</span>`;

export const When = ({ at }) => {
  const passed = useTime((now) => ago(at, now));
  return html`<time datetime=${at} title=${exactly(at)}>${passed}</time>`;
};

/** What is left of its time, counting down. Silent for screen readers, unless they come and read it. */
export function TimeLeft({ approval }) {
  const left = useTime((now) => {
    const milliseconds = Date.parse(approval.expires_at) - now;
    return milliseconds > 0 ? `${lasting(milliseconds)} left` : 'Time is up';
  });
  const urgent = useTime((now) => isUrgent(approval, now));
  return html`<span class="left ${urgent ? 'is-urgent' : ''}" title="until ${exactly(approval.expires_at)}">
    ${urgent && html`<span class="flag">Urgent</span> `}<span class="amount">${left}</span></span>`;
}

export const isOver = (approval) => Date.parse(approval.expires_at) <= serverNow();

/** "1 of 2": how far the open stage is. */
export function Progress({ progress }) {
  if (!progress) return null;
  const { approved, required, stage } = progress;
  if (required <= 1) return stage && html`<span class="progress"><span>waits for <${Name}>${stage}<//></span></span>`;
  return html`<span class="progress">
    <span class="pips" aria-hidden="true">${Array.from({ length: Math.min(required, 6) }, (_, at) =>
      html`<i key=${at} class=${at < approved ? 'full' : ''}></i>`)}</span>
    <span>${approved} of ${required}${stage && html` · <${Name}>${stage}<//>`}</span></span>`;
}

/** `focused`: it has the focus, anew when this is another value: who hears the page is told of the same problem twice. */
export function Note({ kind = 'info', title, children, level = 2, focused }) {
  const note = useRef();
  useLayoutEffect(() => { if (focused) note.current.focus(); }, [focused, title]);
  const heading = level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`;
  return html`<section class="note ${kind}" ref=${note} tabindex="-1">${heading}${children}</section>`;
}

/** A page's title. Those who came here from another page of ours are put at it. */
export function Title({ text, children, arrived, keep }) {
  const heading = useRef();
  useEffect(() => { document.title = `${text} · Holdpoint`; }, [text]);
  useLayoutEffect(() => {
    if (!arrived || keep) return;
    scrollTo(0, 0);
    heading.current.focus({ preventScroll: true });
  }, []);
  return html`<h1 tabindex="-1" ref=${heading}>${children ?? text}</h1>`;
}

/** A link that may be followed, or '': http and https alone. */
export function safeAddress(address) {
  try {
    const url = new URL(address, location.href);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : '';
  } catch {
    return '';
  }
}

export function Changes({ changes }) {
  return html`<dl class="changes">${changes.map(({ name, before, after }) => html`<div key=${name}>
    <dt><${Name}>${name}<//></dt>
    <dd><span class="unseen">was</span> <del dir="auto">${before || '—'}</del><span class="arrow" aria-hidden="true"> → </span>
      <span class="unseen">now</span> <ins dir="auto">${after || '—'}</ins></dd></div>`)}</dl>`;
}
