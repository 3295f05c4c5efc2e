// What the list shows, kept while one reads a request and comes back. News never moves a row: rows change where they stand, and
// new ones wait until they are asked for.
import { useEffect, useRef, useState } from './preact.js';
import { listApprovals } from './api.js';
import { listHash } from './navigation.js';
import { usePolling } from './polling.js';

const PAGE = 50;
const ASKED_MAX = 100; // by the API
const ROWS_MAX = 300; // on one page; what comes after it replaces it

/** Whether a row comes after the last one that was asked for, so that nothing is known of it. */
function isBeyond(row, last, order) {
  return order === 'urgent' ? row.expires_at > last.expires_at : row.created_at < last.created_at;
}

/** The rows as they stand, each as new as `answer` knows it; `fresh`: how many there are to show. */
export function merged(rows, answer, order) {
  const known = new Map(answer.approvals.map((approval) => [approval.approval_id, approval]));
  const last = answer.next_token ? answer.approvals.at(-1) : null;
  const next = rows.map((row) => {
    const news = known.get(row.approval_id);
    if (news) return news;
    return last && isBeyond(row, last, order) ? row : { ...row, gone: true };
  });
  const shown = new Set(rows.map((row) => row.approval_id));
  return { rows: next, fresh: answer.approvals.filter((approval) => !shown.has(approval.approval_id)).length };
}

let kept = null; // {about, rows, next_token, …}: the list as it was left

export const forgetList = () => { kept = null; };
/** The address of the list as it was left, with its filter. */
export const listAddress = () => (kept ? listHash(JSON.parse(kept.about)) : '#/');
export const leaveListAt = (id, scroll) => { if (kept) Object.assign(kept, { id, scroll }); };

/** Somebody saw this request end: it will not be in the list of pending ones when they come back to it. */
export function endedElsewhere(approval) {
  if (kept && approval.status !== 'pending') {
    kept.rows = kept.rows.map((row) => (row.approval_id === approval.approval_id && row.status === 'pending' ? { ...row, gone: true } : row));
  }
}

/** The requests before and after one in the list as it was left: {previous, next}. */
export function neighbours(id) {
  const rows = kept?.rows.filter((row) => row.approval_id === id || !row.gone) ?? [];
  const at = rows.findIndex((row) => row.approval_id === id);
  return at < 0 ? { next: rows[0] } : { previous: rows[at - 1], next: rows[at + 1] };
}

const queryOf = ({ status, order, mine, q }) => ({
  status, order, ...(mine && { mine: 'true' }), ...(q && { q }),
});

/** {rows, more, fresh, earlier, loading, failing, error, left, again(), showFresh(), showMore()} */
export function useListing(wanted) {
  const filter = wanted.status === 'pending' ? wanted : { ...wanted, order: 'newest', mine: false }; // what is decided, nobody can decide
  const about = JSON.stringify(filter);
  const [, render] = useState(0);
  const [loading, setLoading] = useState('');
  const [error, setError] = useState(null);
  const etag = useRef('');
  const left = useRef(null);
  if (!left.current) {
    left.current = kept?.about === about ? { id: kept.id, scroll: kept.scroll } : {};
    if (kept) kept.id = '';
  }
  const newest = useRef(about);
  newest.current = about;
  const arrives = useRef(true);
  if (arrives.current && kept) kept.rows = kept.rows.filter((row) => !row.gone);
  arrives.current = false;
  if (kept?.about !== about) kept = { about, rows: kept?.rows ?? [], stale: true, fresh: 0, next_token: '', earlier: false };

  const change = (to, isCurrent) => {
    if (!isCurrent()) return;
    Object.assign(kept, to);
    render((count) => count + 1);
  };
  const begin = (answer, isCurrent) => change(
    { rows: answer.approvals, next_token: answer.next_token ?? '', fresh: 0, earlier: false, stale: false }, isCurrent);

  const ask = async ({ afresh, isCurrent }) => {
    const limit = kept.rows.length > PAGE && !kept.stale ? ASKED_MAX : PAGE;
    const answer = await listApprovals({ ...queryOf(filter), limit }, afresh || kept.stale ? '' : etag.current);
    if (!answer || !isCurrent()) return;
    etag.current = answer.etag ?? '';
    if (kept.stale || kept.rows.length === 0) return begin(answer.data, isCurrent);
    if (!kept.earlier) change(merged(kept.rows, answer.data, filter.order), isCurrent);
  };
  const { failing, again } = usePolling(ask, about);
  useEffect(() => { etag.current = ''; setError(null); }, [about]);

  const load = async (what, work) => {
    if (loading) return;
    const isCurrent = () => newest.current === about;
    setLoading(what);
    try {
      await work(isCurrent);
      setError(null);
    } catch (failure) {
      setError(failure);
    }
    setLoading('');
  };
  const showFresh = () => load('fresh', async (isCurrent) => {
    begin((await listApprovals({ ...queryOf(filter), limit: PAGE })).data, isCurrent);
    etag.current = '';
  });
  /** Where few match, a page may be empty and yet not the last: then on and on, until there is something. */
  const showMore = () => load('more', async (isCurrent) => {
    const shown = new Set(kept.rows.map((row) => row.approval_id));
    let [rows, next_token] = [[], kept.next_token];
    do {
      const { data } = await listApprovals({ ...queryOf(filter), limit: PAGE, next_token });
      rows = data.approvals.filter((approval) => !shown.has(approval.approval_id));
      next_token = data.next_token ?? '';
    } while (rows.length === 0 && next_token && isCurrent());
    const turns = kept.rows.length + rows.length > ROWS_MAX;
    change({ rows: turns ? rows : [...kept.rows, ...rows], next_token, earlier: kept.earlier || turns }, isCurrent);
  });
  const { rows, stale, next_token, fresh, earlier } = kept;
  return { rows, stale, more: Boolean(next_token), fresh, earlier, loading, failing, error, left, again, showFresh, showMore };
}
