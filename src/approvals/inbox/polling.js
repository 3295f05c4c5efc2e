// Asks again every few seconds while somebody looks; rarely when hidden; less and less often while it fails.
import { useEffect, useRef, useState } from './preact.js';

const SHOWN_SECONDS = 4;
const HIDDEN_SECONDS = 60;
const FAILING_SECONDS_MAX = 60;

/**
 * Runs `ask({afresh})` now and then again. `afresh`: the page was hidden or asleep, so what is known may be old.
 * Returns {failing: the error or null, again: asks at once}.
 */
export function usePolling(ask, about) {
  const [failing, setFailing] = useState(null);
  const latest = useRef();
  const again = useRef();
  latest.current = ask;
  useEffect(() => {
    let [timer, failures, ended, asking] = [0, 0, false, false];
    const later = () => {
      clearTimeout(timer);
      const seconds = failures ? Math.min(SHOWN_SECONDS * 2 ** failures, FAILING_SECONDS_MAX) : SHOWN_SECONDS;
      timer = setTimeout(run, 1000 * (document.hidden ? Math.max(seconds, HIDDEN_SECONDS) : seconds), false);
    };
    const run = async (afresh) => {
      clearTimeout(timer);
      if (asking) return;
      asking = true;
      let failure = null;
      try {
        await latest.current({ afresh, isCurrent: () => !ended });
      } catch (error) {
        failure = error;
      }
      asking = false;
      if (ended) return;
      failures = failure ? failures + 1 : 0;
      setFailing(failure);
      later();
    };
    again.current = () => run(true);
    const woken = () => (document.hidden ? later() : run(true));
    document.addEventListener('visibilitychange', woken);
    addEventListener('online', woken);
    addEventListener('pageshow', woken);
    run(false);
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', woken);
      removeEventListener('online', woken);
      removeEventListener('pageshow', woken);
    };
  }, [about]);
  return { failing, again: () => again.current?.() };
}
