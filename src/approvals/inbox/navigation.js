// Where one is: the part of the address after #. A one-click link's token is taken out of the address at once.
import { useEffect, useState } from './preact.js';

const LINK = '#/link/';
const ONLY = 'only'; // the request's page as a link shows it, with the link's session
const DECISIONS = ['approved', 'rejected', 'changes_requested'];
const changed = new Set();

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // somebody's typing; no such request will be found
  }
}

export function pageOf(hash) {
  const [path, search] = hash.replace(/^#\/?/, '').split('?');
  const [name, id, start] = path.split('/').map(decoded);
  if (name === 'approval' && id) return { name, id, start: DECISIONS.includes(start) ? start : '', only: start === ONLY };
  if (name === 'outbox' || name === 'service-levels') return { name };
  const filter = new URLSearchParams(search);
  return {
    name: 'list',
    filter: {
      status: ['approved', 'rejected', 'timeout'].find((each) => each === filter.get('status')) ?? 'pending',
      order: filter.get('order') === 'urgent' ? 'urgent' : 'newest',
      mine: filter.get('mine') === 'true',
      q: filter.get('q') ?? '',
    },
  };
}

export const approvalHash = (id) => `#/approval/${encodeURIComponent(id)}`;
export const onlyHash = (id) => `${approvalHash(id)}/${ONLY}`;

export function listHash({ status, order, mine, q }) {
  const search = new URLSearchParams();
  if (status !== 'pending') search.set('status', status);
  if (order !== 'newest') search.set('order', order);
  if (mine) search.set('mine', 'true');
  if (q) search.set('q', q);
  return `${search}` ? `#/?${search}` : '#/';
}

export function go(hash) {
  if (hash === location.hash) return;
  history.pushState(null, '', hash);
  changed.forEach((each) => each());
}

/** Without a step that "back" would return to. */
export function replace(hash) {
  history.replaceState(null, '', hash);
  changed.forEach((each) => each());
}

/** The token of a one-click link, or ''. It leaves the address bar and this tab's history before anything else happens. */
export function takeLinkToken() {
  if (!location.hash.startsWith(LINK)) return '';
  const token = location.hash.slice(LINK.length);
  history.replaceState(null, '', location.pathname + location.search);
  return token;
}

export function usePage(onLinkToken) {
  const [page, setPage] = useState(() => pageOf(location.hash));
  useEffect(() => {
    const update = () => {
      const token = takeLinkToken();
      setPage(pageOf(location.hash));
      if (token) onLinkToken(token);
    };
    changed.add(update);
    addEventListener('popstate', update); // a changed hash is one, too
    return () => {
      changed.delete(update);
      removeEventListener('popstate', update);
    };
  }, []);
  return page;
}
