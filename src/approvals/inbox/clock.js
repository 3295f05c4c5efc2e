// Time as the server has it. What is left of a request's time is counted from the server's clock, never from this machine's.
import { useEffect, useReducer, useRef } from './preact.js';

let ahead = Date.now() - performance.now(); // until the server has said what time it is

export function synchronise(now) {
  const at = Date.parse(now);
  if (Number.isFinite(at)) ahead = at - performance.now();
}

export const serverNow = () => performance.now() + ahead;

const watchers = new Set(); // one timer for all that is counted on the page
let timer = 0;

function watch(watcher) {
  watchers.add(watcher);
  timer ||= setInterval(() => watchers.forEach((each) => each()), 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) timer = clearInterval(timer) || 0;
  };
}

/** What `compute` says of the server's time; rendered again in the second when that changes, and only then. */
export function useTime(compute) {
  const [, render] = useReducer((count) => count + 1, 0);
  const shown = useRef();
  const latest = useRef();
  latest.current = compute;
  shown.current = compute(serverNow());
  useEffect(() => watch(() => latest.current(serverNow()) !== shown.current && render()), []);
  return shown.current;
}

const many = (count, unit) => `${count} ${unit}${count === 1 ? '' : 's'}`;

/** "3 days", "5 h 20 min", "12 min", "4 min 09 s", "9 s": as exact as somebody in a hurry needs. */
export function lasting(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days >= 2) return many(days, 'day');
  if (hours >= 1) return minutes % 60 && hours < 24 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  if (minutes >= 10) return `${minutes} min`;
  if (minutes >= 1) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${seconds} s`;
}

const dayAndTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short', // others read it elsewhere
});
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

export function exactly(iso) {
  const at = Date.parse(iso);
  return Number.isFinite(at) ? dayAndTime.format(at) : '';
}

/** "just now", "5 min ago", "3 h ago", "2 days ago", then the date. */
export function ago(iso, now) {
  const passed = now - Date.parse(iso);
  if (!(passed >= 60e3)) return 'just now';
  if (passed < 3600e3) return `${Math.floor(passed / 60e3)} min ago`;
  if (passed < 24 * 3600e3) return `${Math.floor(passed / 3600e3)} h ago`;
  if (passed < 7 * 24 * 3600e3) return `${many(Math.floor(passed / (24 * 3600e3)), 'day')} ago`;
  return day.format(Date.parse(iso));
}

/** Urgent: a quarter of its time is left, or less, and no more than a day. */
export function isUrgent(approval, now) {
  const ends = Date.parse(approval.expires_at);
  const whole = ends - Date.parse(approval.created_at);
  return approval.status === 'pending' && ends - now <= Math.min(whole / 4, 24 * 3600e3);
}
