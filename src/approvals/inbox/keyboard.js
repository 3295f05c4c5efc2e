// Keys for those who do not reach for the mouse, and the help that lists them. They can be switched off, because people who
// speak to their computer trigger single keys by accident.
import { html, useEffect, useLayoutEffect, useRef, useState } from './preact.js';

const SWITCH = 'holdpoint-keys';
const storage = () => {
  try {
    return localStorage;
  } catch {
    return null; // the browser keeps nothing for this page
  }
};
const isOn = () => storage()?.getItem(SWITCH) !== 'off';
const isTyping = (target) => target.closest?.('input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]');

/** `keys`: {key: action}. Nothing happens in text fields, with Ctrl, Alt or Meta, or under a dialog. */
export function useKeys(keys) {
  const latest = useRef();
  latest.current = keys;
  useLayoutEffect(() => {
    const pressed = (event) => {
      const action = latest.current[event.key];
      if (!action || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
      if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
      if (event.key.length === 1 && event.key !== '?' && !isOn()) return;
      if (event.key.startsWith('Arrow') && event.target.closest('[type=radio], details')) return;
      if (action() !== false) event.preventDefault();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, []);
}

const HELP = [
  ['j', '↓', 'next request'],
  ['k', '↑', 'previous request'],
  ['Enter', '', 'open it'],
  ['/', '', 'search'],
  ['a', '', 'approve'],
  ['r', '', 'reject'],
  ['c', '', 'request changes'],
  ['Esc', '', 'close, or back to the inbox'],
  ['?', '', 'this help'],
];

export function KeyboardHelp({ onClose }) {
  const dialog = useRef();
  const [on, setOn] = useState(isOn);
  useEffect(() => { dialog.current.showModal(); }, []);
  const toggle = () => {
    storage()?.setItem(SWITCH, on ? 'off' : 'on');
    setOn(!on);
  };
  return html`<dialog class="help" ref=${dialog} onClose=${onClose} aria-labelledby="help-title">
    <h2 id="help-title">Keyboard</h2>
    <dl class="keys">${HELP.map(([key, other, what]) => html`<div key=${key}>
      <dt><kbd>${key}</kbd>${other && html` or <kbd>${other}</kbd>`}</dt><dd>${what}</dd></div>`)}</dl>
    <p class="quiet">A decision key opens the form; nothing is sent before you press its button.</p>
    <label class="choice"><input type="checkbox" checked=${on} onChange=${toggle} /> Use single letters as shortcuts</label>
    <form method="dialog"><button class="button">Close</button></form>
  </dialog>`;
}
