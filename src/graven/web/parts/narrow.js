/** Whether the window is narrow, as the style sheets mean it. */

import { useEffect, useState } from "../html.js";

const NARROW = matchMedia("(max-width: 760px)");

/** @returns {boolean} again when it changes */
export function useNarrow() {
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const changed = () => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", changed);
    return () => NARROW.removeEventListener("change", changed);
  }, []);
  return narrow;
}
