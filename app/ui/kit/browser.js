// Small parts that must run in the browser because a strict content policy forbids sending code to it.
import { cloneElement, createElement, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { toast } from "sonner";

import "./browser.css";
import { noteCopied } from "./dialogs";
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
// A form that is answered with a file leaves its page where it is; Reflex has let go of the socket by then, and takes it up
// again when the page is looked at.
export const stayAwake = () => {
  setTimeout(() => document.dispatchEvent(new Event("visibilitychange")), 1000);
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
