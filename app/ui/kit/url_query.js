// The address and what the page shows, in step.
import { useEffect, useRef } from "react";
import { useLocation } from "react-router";

import { basePath } from "./browser";
import { settle } from "./dialogs";

// Keeps the address in step with what the page shows, and the page in step with the address. No navigation: a page that is drawn anew
// would lose what lies in it only once. So entries of the history that differ in nothing but what stands behind `?` are ours, and the
// router never hears of them: it would take the one it began with for where it still is.
const here = () => window.location.pathname.slice(basePath().length).replace(/(.)\/$/, "$1");
const parts = (query) => new URLSearchParams(query);
const isThere = (query) => parts(query).toString() === parts(window.location.search).toString();
const isTyped = (query) => {
  const [now, then] = [parts(query), parts(window.location.search)];
  [now, then].forEach((each) => each.delete("q"));
  return now.toString() === then.toString();
};
// Whether the reader went back or forth, and pressed nothing since: then the page follows the address and not the other way round. An
// answer may come when the reader is elsewhere again.
let wasMoved = false;
if (typeof window !== "undefined") {
  window.addEventListener("popstate", () => (wasMoved = true), true);
  for (const way of ["pointerdown", "keydown", "input"]) window.addEventListener(way, () => (wasMoved = false), true);
}
export const Whereabouts = ({ query, at, onMove }) => {
  const first = useRef(true);
  const page = useRef({});
  page.current = { query, home: at || here(), onMove };
  const look = () => isThere(page.current.query) || page.current.onMove?.();
  useEffect(() => {
    const fresh = first.current;
    first.current = false;
    if (at && (fresh || here() !== at)) return;
    if (isThere(query)) return;
    if (wasMoved && !fresh) return void onMove?.();
    const url = window.location.pathname + (query ? `?${query}` : "");
    const { state } = window.history;
    if (fresh || isTyped(query)) window.history.replaceState(state, "", url);
    else window.history.pushState({ ...state, idx: (state?.idx ?? 0) + 1, key: Math.random().toString(36).slice(2, 10) }, "", url);
    settle();
  }, [query]);
  useEffect(() => {
    const back = (event) => {
      if (here() !== page.current.home) return;
      event.stopImmediatePropagation();
      look();
    };
    window.addEventListener("popstate", back, true);
    return () => window.removeEventListener("popstate", back, true);
  }, []);
  // A link to where the router believes to be already: it does nothing, but the address is another.
  const { pathname, search, key } = useLocation();
  const routed = useRef(null);
  useEffect(() => {
    const was = routed.current;
    routed.current = pathname + search;
    if (was === routed.current && here() === page.current.home) look();
  }, [key]);
  return null;
};
