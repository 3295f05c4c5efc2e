// What the page says, in plain words: statuses, decisions, what will happen, and every refusal of the API.
import { exactly } from './clock.js';

export const STATUS = { pending: 'Pending', approved: 'Approved', rejected: 'Rejected', timeout: 'Timed out' };
export const STAGE = { open: 'Deciding now', waiting: 'Comes later', approved: 'Approved', rejected: 'Rejected' };
export const DECIDED = { approved: 'approved', rejected: 'rejected', changes_requested: 'asked for changes' };
export const PROOF = {
  token: 'with a token', link: 'with a one-click link', oidc: 'by single sign-on', claimed: 'as claimed', system: '',
};

const EVENT = {
  created: 'Requested',
  notified: 'Approvers notified',
  requester_notified: 'Requester notified',
  notification_failed: 'Notification failed',
  decided: 'Decided',
  reminded: 'Approvers reminded',
  escalated: 'Escalated',
  amended: 'Document changed',
  timed_out: 'Timed out',
  decision_refused: 'Decision refused',
  completed: 'Completed',
  changes_requested: 'Changes requested',
};

/** An event by its name; one that this page does not know is shown as it is called. */
export function eventWords(event) {
  const words = String(event).replaceAll('_', ' ');
  return EVENT[event] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

export const FORMS = {
  approved: { title: 'Approve this request?', button: 'Approve', sending: 'Approving…', label: 'Comment (optional)', done: 'You approved this.' },
  rejected: { title: 'Reject this request?', button: 'Reject', sending: 'Rejecting…', label: 'Why you reject it', done: 'You rejected this.' },
  changes_requested: {
    title: 'Ask for changes?', button: 'Ask for changes', sending: 'Sending…', label: 'What should change', done: 'You asked for changes.',
  },
};

/** A name within a sentence keeps its own direction to itself. */
const isolated = (name) => `\u2068${name}\u2069`;

const openStage = (approval) => approval.stages.find((stage) => stage.state === 'open');
const approvalsOf = (stage) => stage.votes.filter((vote) => vote.decision === 'approved').length;

/** What happens if this person decides so now. */
export function consequence(approval, decision) {
  if (decision === 'changes_requested') {
    return approval.amendable === false
      ? 'The requester reads your comment. They may not change this document, but can submit a new request. This one stays open until it is decided or its time is up.'
      : 'The requester reads your comment. The request stays open until it is decided or its time is up.';
  }
  if (decision === 'rejected') {
    return approval.may_decide.rejection_ends === false
      ? 'Your rejection counts. The request can still be approved by others.'
      : 'The request is rejected at once, for good, and whatever waits for it is told.';
  }
  const { stage: name, approval_ends, approval_opens } = approval.may_decide;
  if (approval_ends) return 'The request is approved at once, for good, and whatever waits for it goes on.';
  const stage = approval.stages.find((each) => each.name === name);
  if (!stage) return 'Your approval counts at once, and cannot be taken back.';
  const missing = stage.required - approvalsOf(stage) - 1;
  if (missing > 0) return `Your approval counts at once; you cannot take it back. After it, ${missing} more ${missing === 1 ? 'is' : 'are'} needed from ${isolated(name)}.`;
  const last = `Yours is the last approval that ${isolated(name)} must give.`;
  if (approval_opens) return `${last} The request then goes on to ${isolated(approval_opens)}. You cannot take it back.`;
  return `${last} The request stays open until others have decided, too. You cannot take it back.`;
}

/** Where the request stands, for somebody who has just decided or comes to look. */
export function standing(approval) {
  if (approval.status === 'approved') return 'The request is approved. Whatever waited for it goes on.';
  if (approval.status === 'rejected') return 'The request is rejected. Whatever waited for it has been told.';
  if (approval.status === 'timeout') return 'Nobody decided in time, so the request ended without a decision.';
  const stage = openStage(approval);
  if (!stage) return 'The request is still open.';
  const missing = stage.required - approvalsOf(stage);
  if (missing <= 0) return 'The request is still open: it waits for what was asked to be changed.';
  return `The request is still open: ${missing} more ${missing === 1 ? 'approval is' : 'approvals are'} needed from ${isolated(stage.name)}.`;
}

/** Who may vote in a stage, and how many have to. */
export function votersOf({ required, of, who }) {
  const anyone = who === 'anyone';
  if (of > 1) return anyone ? `${required} of ${of} people, whoever they are` : `${required} of ${of} people: ${isolated(who)}`;
  if (anyone) return required === 1 ? 'Anyone: one approval is enough' : `Anyone: ${required} approvals are needed`;
  return `${required === 1 ? 'One approval' : `${required} approvals`} by ${isolated(who)}`;
}

/** "Bob approved this on …", or '' while nobody has. */
export function whoDecided(approval) {
  const how = DECIDED[approval.status];
  if (!how || !approval.approver) return '';
  return `${isolated(approval.approver)} ${how} this${approval.decided_at ? `, ${exactly(approval.decided_at)}` : ''}.`;
}

/** To the requester of what is not amendable. */
export const FIXED = 'Its document may not be changed while it waits. To change it, submit a new request.';

const REFUSALS = {
  OWN_REQUEST: ['This is your own request', 'Somebody else has to decide it.'],
  NOT_AN_APPROVER: ['This is not yours to decide', 'Its policy names other approvers.'],
  STAGE_NOT_OPEN: ['It is not your turn'], // the server knows which stage is closed, and why
  ALREADY_VOTED: ['You have decided here already', 'Each person decides once.'],
  APPROVAL_EXPIRED: ['The time is up', 'This request can no longer be decided.'],
  APPROVAL_ALREADY_DECIDED: ['This is decided already', 'Your decision came after that and was not counted.'],
  WORKFLOW_ENDED: ['Nothing waits for this any more', 'The work that asked for it has ended, so a decision would change nothing.'],
  LINK_USED: ['This link has been used', 'A one-click link decides once. If the document has changed since, a newer message has another. Else sign in, or ask for a new link.'],
  DOCUMENT_CHANGED: ['The document has changed', 'Your decision was not counted, because you had not seen this. Look at what changed, then decide.'],
  DOCUMENT_FIXED: ['This document may not be changed', 'It stays as it is while it waits. Submit a new request.'],
  APPROVAL_NOT_FOUND: ['There is no such request', 'It may have been removed, or it is not for you to see.'],
  CSRF: ['Your session was renewed', 'Nothing was sent. Try again.'],
  LINK_ENDED: ['Your link has ended here', 'To go on, open it once more from your message. If it has expired, ask for a new one.'],
  ANOTHER_PERSON: ['Somebody else signed in', 'Another tab of this browser signed them in. Nothing was sent.'],
  UNAUTHENTICATED: ['You are signed out', 'Sign in again; what you wrote is kept.'],
};

/** {title, text} for anything that went wrong. */
export function explain(error) {
  if (error.kind === 'offline') return { title: 'No connection', text: 'The server did not answer. What you wrote is kept.' };
  if (error.kind === 'server') return { title: 'The server has a problem', text: 'It could not answer just now. What you wrote is kept.' };
  if (error.code === 'TOO_MANY_REQUESTS') return { title: 'Too many attempts', text: 'What you wrote is kept. Wait a moment, then try again.' };
  const [title, text] = REFUSALS[error.code] ?? ['That was not accepted'];
  return { title, text: text ?? (error.message || 'The server gave no reason.') };
}

const LINK_REFUSALS = {
  expired: 'This link has expired. Sign in another way, or ask for a new one.',
  used: 'This link has been used. Sign in another way to see what became of the request.',
  unknown_key: 'This link was made with a key that this server does not know. Ask for a new one.',
  revoked: 'This link was taken back. Ask for a new one.',
  malformed: 'This link is incomplete. Copy the whole address from the message, or open it there.',
};
const TOKEN_REFUSALS = {
  expired: 'This token has expired. Ask for a new one.',
  unknown_key: 'This server does not know this token. Ask for a new one.',
  revoked: 'This token was taken back. Ask for a new one.',
  malformed: 'This is not a whole token. Copy it again, from its first character to its last.',
};

/** For who comes back to the page of a link when its session is over. */
export const LINK_OVER = 'Your link has ended here. Open it once more from your message, or sign in.';

/** Why somebody could not be signed in by a `link` or a `token`. */
export function explainSignIn(error, means) {
  if (error.kind !== 'refused' || error.code === 'TOO_MANY_REQUESTS') return explain(error).title + '. Try again in a moment.';
  return (means === 'link' ? LINK_REFUSALS : TOKEN_REFUSALS)[error.details?.reason] ?? (error.message || `This ${means} was not accepted.`);
}
