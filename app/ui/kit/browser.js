// Small parts that must run in the browser because a strict content policy forbids sending code to it.
import { cloneElement, createElement, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useLocation } from "react-router";
import { toast } from "sonner";

import "./browser.css";
import { noteCopied, settle } from "./dialogs";
import { tr } from "./i18n";

// The path of the host below which the console is, "" at its top. The router's own addresses begin behind it.
export const basePath = () => (window.__reactRouterContext?.basename ?? "").replace(/\/$/, "");

// A notice never lies on the buttons of a dialog: it stands above them.
const makeRoom = () => {
  const feet = [...document.querySelectorAll(".pb-sheet-foot")].map((foot) => window.innerHeight - foot.getBoundingClientRect().top + 12);
  document.documentElement.style.setProperty("--pb-above", `${Math.max(24, ...feet)}px`);
};

// Shows a notice whenever `seq` grows. What a tab had before it was opened is not shown again.
export const Notice = ({ seq, level, text }) => {
  const seen = useRef(seq);
  useEffect(() => {
    if (seq > seen.current && text) {
      makeRoom();
      (toast[level] ?? toast)(text, { id: text }); // said twice, it stands once
    }
    seen.current = seq;
  }, [seq]);
  return null;
};

// Fires `onBeat` when `beat` changes after the first look: how a change elsewhere reaches an open page.
export const Pulse = ({ beat, onBeat }) => {
  const seen = useRef(beat);
  useEffect(() => {
    if (beat !== seen.current) onBeat?.();
    seen.current = beat;
  }, [beat]);
  return null;
};

// Inside a form: when `seq` grows, puts the focus on the first field that is marked invalid, or the group of fields.
export const FirstError = ({ seq }) => {
  const anchor = useRef(null);
  useEffect(() => {
    if (!seq) return;
    const bad = anchor.current.closest("form")?.querySelector("[aria-invalid=true], [data-invalid=true]");
    bad?.closest("details")?.setAttribute("open", "");
    bad?.focus();
    bad?.scrollIntoView({ block: "nearest" });
  }, [seq]);
  return createElement("span", { ref: anchor, hidden: true });
};

// Inside a form: empties its password fields when `seq` grows, so that a saved key does not stay in the page.
export const Forget = ({ seq }) => {
  const anchor = useRef(null);
  useEffect(() => {
    if (!seq) return;
    for (const field of anchor.current.closest("form")?.querySelectorAll("input[type=password], textarea[data-secret]") ?? []) field.value = "";
  }, [seq]);
  return createElement("span", { ref: anchor, hidden: true });
};

// Inside a form: when `when` becomes true, the form is submitted as a test: a repair was put into it.
export const Again = ({ when }) => {
  const anchor = useRef(null);
  useEffect(() => {
    const form = anchor.current.closest("form");
    if (!when || !form) return;
    const field = form.elements.namedItem("intent");
    const timer = setTimeout(() => {
      field.value = "test";
      form.requestSubmit();
      field.value = "save";
    });
    return () => clearTimeout(timer);
  }, [when]);
  return createElement("span", { ref: anchor, hidden: true });
};

// Inside a form: when `seq` grows, a key that was typed moves into the password field that took the place of its own.
export const MoveKey = ({ seq }) => {
  const anchor = useRef(null);
  const typed = useRef("");
  useEffect(() => {
    const form = anchor.current.closest("form");
    const note = ({ target }) => { if (target.type === "password") typed.current = target.value; };
    form?.addEventListener("input", note);
    return () => form?.removeEventListener("input", note);
  }, []);
  useLayoutEffect(() => {
    const field = seq ? anchor.current.closest("form")?.querySelector("input[type=password]") : null;
    if (field && !field.value) field.value = typed.current;
  }, [seq]);
  return createElement("span", { ref: anchor, hidden: true });
};

// What it is the first part of opens at its head. A field further down that gets the focus would scroll it there, in a small window.
export const AtHead = () => {
  const anchor = useRef(null);
  useEffect(() => {
    const up = () => anchor.current?.parentElement.scrollTo(0, 0);
    const frame = requestAnimationFrame(() => requestAnimationFrame(up));
    return () => cancelAnimationFrame(frame);
  }, []);
  return createElement("span", { ref: anchor, hidden: true });
};

// Scrolls what it stands in into view when `when` becomes true: on a phone the test is below the form.
export const Reveal = ({ when }) => {
  const anchor = useRef(null);
  useEffect(() => {
    if (when) anchor.current.parentElement.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }, [when]);
  return createElement("span", { ref: anchor, hidden: true });
};

// Copies `text`. The child is the button; `copied` replaces its label for a moment and is announced.
export const Copy = ({ text, source, copied, children }) => {
  const [done, setDone] = useState(false);
  const copy = async () => {
    const whole = source ? filled(source, text) : text;
    try {
      await navigator.clipboard.writeText(whole);
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: whole });
      document.activeElement.after(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    if (source) noteCopied();
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return createElement(
    "span",
    { className: "pb-copy", "data-done": done || undefined, onClick: copy },
    children,
    createElement("span", { className: "pb-copied", role: "status" }, done ? copied : ""),
  );
};

// A key that is shown once lies in a hidden field of the page, never in what the server keeps for it.
const filled = (source, text) => text.replaceAll("{key}", document.getElementById(source)?.value ?? "");
export const Once = ({ source, text }) => filled(source, text);
// Submits the form it stands in with another intent than saving.
// A form that is answered with a file leaves its page where it is; Reflex has let go of the socket by then, and takes it up
// again when the page is looked at.
export const stayAwake = () => {
  setTimeout(() => document.dispatchEvent(new Event("visibilitychange")), 1000);
};

export const submitAs = (intent) => (event) => {
  const form = event.currentTarget.form;
  const field = form.elements.namedItem("intent");
  field.value = intent;
  form.requestSubmit();
  field.value = "save";
};

// What changed in single cards of a list since it was drawn. The list itself is not drawn anew for it: each card listens for its own.
const fresh = { drawn: null, seq: 0, cards: new Map(), listeners: new Map() };
const call = (ids) => ids.forEach((id) => fresh.listeners.get(id)?.forEach((listener) => listener()));
export const Fresh = ({ drawn, seq, cards, onGap }) => {
  useLayoutEffect(() => {
    if (fresh.drawn === null) Object.assign(fresh, { drawn, seq });
    if (drawn !== fresh.drawn) {
      const stale = [...fresh.cards.keys()];
      fresh.cards.clear();
      Object.assign(fresh, { drawn, seq: 0 });
      call(stale);
    }
    if (seq === fresh.seq) return;
    if (seq !== fresh.seq + 1) onGap?.();
    else for (const card of cards) fresh.cards.set(card.id, { ...fresh.cards.get(card.id), ...card });
    fresh.seq = seq;
    call(cards.map((card) => card.id));
  }, [drawn, seq]);
  useEffect(() => () => Object.assign(fresh, { drawn: null, cards: new Map() }), []);
  return null;
};
export const Latest = ({ card, children }) => {
  const listen = useMemo(
    () => (listener) => {
      const mine = fresh.listeners.get(card.id) ?? new Set();
      fresh.listeners.set(card.id, mine.add(listener));
      return () => mine.delete(listener) && !mine.size && fresh.listeners.delete(card.id);
    },
    [card.id],
  );
  const changed = useSyncExternalStore(listen, () => fresh.cards.get(card.id));
  const c = useMemo(() => (changed ? { ...card, ...changed } : card), [card, changed]);
  return cloneElement(children, { c });
};

// What stands there when a part of the page breaks. It needs nothing of the rest: who knows what is broken.
const Crash = () => {
  const language = localStorage.getItem("pb-language") ?? "en";
  useEffect(() => void (document.title = `${tr(language, "crash.title")} · Patchbay`), []);
  return createElement(
    "main",
    { className: "pb-crash", role: "alert" },
    createElement("h1", null, tr(language, "crash.title")),
    createElement("p", null, tr(language, "crash.text")),
    createElement("button", { type: "button", autoFocus: true, onClick: () => window.location.reload() }, tr(language, "crash.reload")),
  );
};
export const crashed = () => createElement(Crash);

// The way past the rail. A link alone would move the address, not the focus.
export const Skip = ({ to, children }) =>
  createElement(
    "a",
    {
      href: `#${to}`,
      className: "pb-skip",
      onClick: (event) => {
        event.preventDefault();
        document.getElementById(to)?.focus();
      },
    },
    children,
  );

// Asks for more of a list when its end comes near.
export const Near = ({ count, onNear }) => {
  const anchor = useRef(null);
  useEffect(() => {
    const watch = new IntersectionObserver(([end]) => end.isIntersecting && onNear?.(), { rootMargin: "600px" });
    watch.observe(anchor.current);
    return () => watch.disconnect();
  }, [count]);
  return createElement("span", { ref: anchor, "aria-hidden": true });
};

// Puts the reader's cursor into the search field of the page when "/" is pressed outside a field.
export const Slash = () => {
  useEffect(() => {
    const jump = (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select, [role=dialog]")) return;
      const search = document.querySelector("[data-search] input, input[data-search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
    };
    window.addEventListener("keydown", jump);
    return () => window.removeEventListener("keydown", jump);
  }, []);
  return null;
};

// Inside a field: a key that begins like another vendor's is named before it is sent anywhere.
export const Suspect = ({ own, vendors, language }) => {
  const anchor = useRef(null);
  const [vendor, suspect] = useState("");
  const known = useRef({ own, vendors });
  known.current = { own, vendors };
  useEffect(() => {
    const field = anchor.current.closest("[data-field]");
    const look = (event) => {
      const key = event.target.value.trim();
      const longest = (prefixes) => Math.max(0, ...prefixes.filter((p) => key.startsWith(p)).map((p) => p.length));
      const { own, vendors } = known.current;
      const length = longest(Object.keys(vendors));
      const foreign = length > longest(own) && own.length > 0;
      suspect(foreign ? vendors[Object.keys(vendors).find((p) => p.length === length && key.startsWith(p))] : "");
    };
    field?.addEventListener("input", look);
    return () => field?.removeEventListener("input", look);
  }, []);
  return createElement("span", { ref: anchor, className: "pb-suspect", role: "status" }, vendor ? tr(language, "form.other_vendor", { vendor }) : "");
};

// What is pasted is looked at without another press.
export const PasteSubmits = () => {
  const anchor = useRef(null);
  useEffect(() => {
    const form = anchor.current.closest("form");
    const send = (event) => event.target.tagName === "TEXTAREA" && setTimeout(() => form.requestSubmit());
    form.addEventListener("paste", send);
    return () => form.removeEventListener("paste", send);
  }, []);
  return createElement("span", { ref: anchor, hidden: true });
};

// A key that was pasted into one form goes on to another without leaving the browser: it is kept for a moment, and taken once.
let carried = { at: 0, parts: {} };
export const Carry = ({ source, places, children }) => {
  const keep = () => {
    const text = document.getElementById(source)?.value ?? "";
    const parts = places.split(" ").filter(Boolean).map((place) => place.split(":"));
    carried = { at: Date.now(), parts: Object.fromEntries(parts.map(([field, start, end]) => [field, text.slice(start, end)])) };
  };
  return createElement("span", { onClickCapture: keep }, children);
};
export const Carried = ({ field, at }) => {
  const anchor = useRef(null);
  useEffect(() => {
    const text = Date.now() - carried.at < 10_000 ? carried.parts[field] : undefined;
    const input = anchor.current.closest("form")?.elements.namedItem(`secret.${field}`);
    if (!text || !input) return;
    delete carried.parts[field];
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), "value").set.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, [field, at]);
  return createElement("span", { ref: anchor, hidden: true });
};

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

// When `at` changes, the reader is at the top of something new: its heading (`data-arrive`) gets the focus.
export const Arrive = ({ at }) => {
  const was = useRef(at);
  useEffect(() => {
    if (was.current === at) return;
    was.current = at;
    window.scrollTo(0, 0);
    document.querySelector("[data-arrive]")?.focus({ preventScroll: true });
  }, [at]);
  return null;
};

// Fires `onTick` every `ms` while it stands in a page that is looked at.
export const Every = ({ ms, onTick }) => {
  const tick = useRef(onTick);
  tick.current = onTick;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || tick.current?.(), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return null;
};
