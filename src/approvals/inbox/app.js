// The inbox of Holdpoint's approvers: who is signed in, which page is shown, and what surrounds it.
import { html, render, useEffect, useRef, useState } from './preact.js';
import { forgetAmendments } from './amend.js';
import { onAnotherPerson, onSignedOut, readOutbox, readServiceLevels, signIn, signOut, whoAmI } from './api.js';
import { forgetDrafts } from './decision.js';
import { DetailPage } from './detail.js';
import { KeyboardHelp, useKeys } from './keyboard.js';
import { ListPage } from './list.js';
import { forgetList } from './listing.js';
import { approvalHash, onlyHash, pageOf, replace, takeLinkToken, usePage } from './navigation.js';
import { announce, Name, Title } from './parts.js';
import { OutboxPage, ServiceLevelsPage } from './reports.js';
import { SignIn, takeReturnAddress } from './sign_in.js';
import { explain, explainSignIn, LINK_OVER } from './words.js';

let linkToken = takeLinkToken(); // before anything is drawn or asked

function Menu({ me, onSignOut, onHelp }) {
  const menu = useRef();
  const close = (event) => {
    if (event.key === 'Escape' && menu.current.open) {
      event.stopPropagation();
      menu.current.open = false;
      menu.current.querySelector('summary').focus();
    }
  };
  const leave = (event) => { if (event.relatedTarget && !menu.current.contains(event.relatedTarget)) menu.current.open = false; };
  useEffect(() => {
    const pressed = (event) => { if (!menu.current.contains(event.target)) menu.current.open = false; };
    document.addEventListener('pointerdown', pressed);
    return () => document.removeEventListener('pointerdown', pressed);
  }, []);
  const { name, display_name, groups = [] } = me.identity;
  return html`<details class="menu" ref=${menu} onKeyDown=${close} onFocusOut=${leave}>
    <summary aria-label=${`Account: ${display_name || name}`}><span class="initial" aria-hidden="true">${(display_name || name).slice(0, 1).toUpperCase()}</span>
      <span class="who"><${Name}>${display_name || name}<//></span></summary>
    <div class="sheet"><p><strong><${Name}>${display_name || name}<//></strong>
        ${display_name && html`<br /><span class="quiet"><${Name}>${name}<//></span>`}
        ${groups.length > 0 && html`<br /><span class="quiet">${groups.map((group, at) => html`${at > 0 && ', '}<${Name}>${group}<//>`)}</span>`}</p>
      <button class="button" onClick=${onHelp}>Keyboard</button>
      <button class="button" onClick=${onSignOut}>Sign out</button></div></details>`;
}

const PAGES = [['list', '#/', 'Inbox'], ['service-levels', '#/service-levels', 'Service levels'], ['outbox', '#/outbox', 'Outbox']];

function Navigation({ page, reports }) {
  const current = page.name === 'approval' ? 'list' : page.name;
  return html`<nav aria-label="Pages"><ul>${PAGES.filter(([name]) => name === 'list' || reports.includes(name)).map(([name, hash, words]) => html`<li key=${name}>
    <a href=${hash} aria-current=${name === current ? (page.name === name ? 'page' : 'true') : null}>${words}</a></li>`)}</ul></nav>`;
}

function Bar({ children }) {
  const skip = (event) => {
    event.preventDefault();
    document.querySelector('main').focus();
  };
  return html`<header class="bar"><a class="skip" href="#/" onClick=${skip}>Skip to the content</a>
    <div class="bar-in"><span class="brand"><span class="mark" aria-hidden="true"></span>Holdpoint</span>${children}</div></header>`;
}

function Content({ page, me, ended, arrived }) {
  const only = me.only_approval;
  if (only) return html`<${DetailPage} key=${only} id=${only} start=${page.id === only ? page.start : ''} only ended=${ended} arrived=${arrived} />`;
  if (page.name === 'approval') return html`<${DetailPage} key=${page.id} id=${page.id} start=${page.start} arrived=${arrived} />`;
  if (page.name === 'outbox') return html`<${OutboxPage} arrived=${arrived} />`;
  if (page.name === 'service-levels') return html`<${ServiceLevelsPage} arrived=${arrived} />`;
  return html`<${ListPage} filter=${page.filter} arrived=${arrived} />`;
}

/** For whom a link was made: whoever else holds it should know before they decide in that name. */
const IssuedTo = ({ me }) => html`<p class="issued"><span>This link was issued to <strong><${Name}>${me.issued_to}<//></strong>.</span>
  <span> Not you? Then please do nothing here.</span></p>`;

function SignedIn({ me, ended, page, arrived, onSignOut }) {
  const [help, setHelp] = useState(false);
  const [reports, setReports] = useState([page.name]); // those that this server answers
  useKeys({ '?': () => setHelp(true) });
  useEffect(() => {
    if (me.only_approval) return;
    for (const [name, read] of [['outbox', readOutbox], ['service-levels', readServiceLevels]]) {
      read().then(() => setReports((known) => [...known, name]), () => {});
    }
  }, []);
  return html`<${Bar}>${!me.only_approval && html`<${Navigation} page=${page} reports=${reports} />`}
      <${Menu} me=${me} onSignOut=${onSignOut} onHelp=${() => setHelp(true)} /><//>
    <main class="page" tabindex="-1">${me.issued_to && html`<${IssuedTo} me=${me} />`}
      <${Content} ...${{ page, me, ended, arrived }} /></main>
    ${help && html`<${KeyboardHelp} onClose=${() => setHelp(false)} />`}`;
}

/** state: starting | unreachable | out | in (`ended`: a link's session has; its page stays). Everything that signs in or out goes through here. */
function useSession() {
  const [session, setSession] = useState({ state: 'starting' });
  const person = useRef('');

  const forgetTyped = () => {
    forgetDrafts();
    forgetAmendments();
  };
  const entered = (me) => {
    if (person.current && person.current !== me.identity.name) forgetTyped();
    person.current = me.identity.name;
    const address = takeReturnAddress();
    if (me.only_approval) replace(onlyHash(me.only_approval));
    else if (address && !location.hash) replace(address);
    setSession({ state: 'in', me });
  };
  const out = (details = {}) => {
    forgetList();
    // Who came by a link has nothing to sign in with: they see how things stood.
    setSession((before) => (before.state === 'in' && before.me.only_approval ? { ...before, ended: true }
      : { state: 'out', oidc: details.oidc, problem: before.state === 'in' ? 'Your session has ended. Sign in again; what you wrote is kept.' : '' }));
  };
  const another = (me) => {
    forgetList();
    entered(me);
    announce(`You are now signed in as ${me.identity.name}`);
  };
  const start = async () => {
    setSession({ state: 'starting' });
    const { id, only } = pageOf(location.hash);
    try {
      entered(await whoAmI(only ? id : ''));
    } catch (error) {
      if (error.status !== 401) return setSession({ state: 'unreachable', error });
      if (only) replace(approvalHash(id)); // for whoever signs in now
      setSession({ state: 'out', oidc: error.details.oidc, problem: only ? LINK_OVER : '' });
    }
  };
  const byLink = async (link) => {
    setSession({ state: 'starting' });
    try {
      const me = await signIn({ link });
      linkToken = '';
      forgetList();
      entered(me);
    } catch (error) {
      const again = error.kind !== 'refused' || error.code === 'TOO_MANY_REQUESTS';
      linkToken = again ? link : '';
      const oidc = await whoAmI().then(() => null, (failure) => failure.details?.oidc);
      setSession({ state: 'out', oidc, problem: explainSignIn(error, 'link'), retry: again });
    }
  };
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      if (error.kind !== 'refused') return announce('You are not signed out: the server did not answer.');
    }
    forgetTyped();
    person.current = '';
    forgetList();
    replace('#/');
    start();
  };
  useEffect(() => {
    onSignedOut(out);
    onAnotherPerson(another);
    if (linkToken) byLink(linkToken);
    else start();
  }, []);
  return { session, entered, start, byLink, leave };
}

function App() {
  const { session, entered, start, byLink, leave } = useSession();
  const page = usePage(byLink);
  const pages = useRef({ shown: '', count: 0 });
  const at = `${session.state} ${page.name} ${page.id ?? ''}`;
  if (pages.current.shown !== at) pages.current = { shown: at, count: pages.current.count + (session.state === 'starting' ? 0 : 1) };
  const arrived = pages.current.count > 1; // by a way within the page, so the focus has to come along

  if (session.state === 'in') return html`<${SignedIn} key=${`${session.me.only_approval} ${session.me.identity.name}`} me=${session.me} ended=${session.ended} page=${page} arrived=${arrived} onSignOut=${leave} />`;
  return html`<${Bar} /><main class="page narrow" tabindex="-1">
    ${session.state === 'starting' && html`<p class="quiet starting" role="status">Opening your inbox…</p>`}
    ${session.state === 'unreachable' && html`<${Title} text=${explain(session.error).title} /><p>The inbox could not be opened.</p>
      <button class="button primary" onClick=${start}>Try again</button>`}
    ${session.state === 'out' && html`<${SignIn} oidc=${session.oidc} problem=${session.problem} arrived=${arrived}
      retry=${session.retry && (() => byLink(linkToken))} onSignedIn=${entered} />`}</main>`;
}

const root = document.getElementById('app');
root.replaceChildren();
render(html`<${App} />`, root);
