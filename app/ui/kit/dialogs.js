// The dialogs of a page. The server says which one is open (`opened`: kind, object, page, and the stamp of this opening); what lies in
// the browser alone is kept here, in the page's memory and nowhere else: what was typed, and whether that would be lost.
import { AlertDialog, Button, Dialog, Flex } from "@radix-ui/themes";
import { Component, Fragment, createElement, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { useBlocker, useLocation } from "react-router";
import { toast } from "sonner";

import { ReflexEvent } from "./state";
import { useFocus } from "./focus";
import { line } from "./presses";
import { restore, typedIn } from "./typed";
import { tr } from "./i18n";

const NONE = { kind: "", stamp: "" };
const TEXTS = {
  once_title: "once.title",
  once_text: "once.text",
  once_stay: "once.stay",
  once_discard: "once.discard",
  unsaved_title: "unsaved.title",
  unsaved_text: "unsaved.text",
  unsaved_stay: "unsaved.stay",
  unsaved_discard: "unsaved.discard",
  kept: "restart.kept",
  key_kept: "restart.key_kept",
};
// `open`: the dialog that is shown; `left`: the stamp of the one that was closed here, whatever the server says by now; `asking`: what is
// asked before something is lost; `held`: a dialog whose server was started again, until it is open once more; `form`: a form of the
// page that is no dialog holds what was typed.
const desk = { open: NONE, left: "", changed: false, copied: false, form: false, asking: null, held: null, life: "", log: [], version: 0, close: null };
const listeners = new Set();
const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
const changed = () => {
  desk.version += 1;
  listeners.forEach((listener) => listener());
};
const lifeOf = (visit) => visit.split(".")[0];
const isLost = (visit) => desk.life !== "" && lifeOf(visit) !== "" && lifeOf(visit) !== desk.life;

// Which dialog this page shows. One that lies on another page, or was closed here, is none of its own.
const useShown = (opened, visit) => {
  const { pathname } = useLocation();
  useSyncExternalStore(subscribe, () => desk.version, () => 0);
  if (desk.held || isLost(visit)) return desk.open;
  const isHere = opened.kind !== "" && opened.at === pathname.replace(/(.)\/$/, "$1");
  return isHere && opened.stamp !== desk.left ? opened : NONE;
};

// A key that is shown once lies in a hidden field of the page, never in what the server keeps for it.
const isHeld = () => !desk.copied && [...document.querySelectorAll("[data-once]")].some((field) => field.value);
const wipe = () => document.querySelectorAll("[data-once]").forEach((field) => (field.value = ""));
export const noteCopied = () => (desk.copied = true);

// Leaving. A clean dialog closes; one that holds what would be lost asks first, whichever way out was taken.
// What was typed counts as long as it stands there: a dialog that has gone on to show what came of it has sent it.
const FIELDS = "[data-dialog] :is(input:not([type=hidden]), textarea, select, [role=radio], [role=checkbox], [role=switch])";
const isTyped = () => desk.changed && document.querySelector(FIELDS);
const wouldLose = () => isHeld() || (desk.open.kind !== "" && (desk.open.is_changed || isTyped()));
const mustAsk = () => wouldLose() || desk.form;
const closeNow = () => {
  const { stamp } = desk.open;
  wipe();
  Object.assign(desk, { left: stamp || desk.left, open: NONE, changed: false, copied: false, form: false, held: null, log: [] });
  changed();
  if (stamp) desk.close?.(stamp);
};
const ask = (go, stay) => {
  desk.asking = { go, stay, isOnce: isHeld() };
  changed();
};
const answer = (isLeaving) => {
  const { go, stay } = desk.asking ?? {};
  desk.asking = null;
  if (isLeaving) closeNow();
  else changed();
  (isLeaving ? go : stay)?.();
};
export const leaveDialog = () => (wouldLose() ? ask() : closeNow());
export const closeDialog = () => closeNow();

// Where the history stands; going back or forth is undone while the answer is awaited.
let place = 0;
let undoing = false;
export const settle = () => void (undoing || (place = window.history.state?.idx ?? 0));
if (typeof window !== "undefined") {
  window.addEventListener(
    "popstate",
    (event) => {
      if (undoing) {
        undoing = false;
        event.stopImmediatePropagation();
        return;
      }
      const steps = (window.history.state?.idx ?? 0) - place;
      if (mustAsk() && steps) {
        event.stopImmediatePropagation();
        undoing = true;
        window.history.go(-steps);
        ask(() => window.history.go(steps));
        return;
      }
      settle();
      if (desk.open.kind) closeNow();
    },
    true,
  );
  window.addEventListener("beforeunload", (event) => {
    if (!mustAsk()) return;
    event.preventDefault();
    // Reflex lets go of its socket here, and takes it up again when the page is looked at: the reader may stay.
    setTimeout(() => document.dispatchEvent(new Event("visibilitychange")), 500);
  });
  const type = ({ target }) => {
    if (!(target instanceof Element) || target.closest("[data-unguarded]")) return;
    if (target.closest("[data-dialog]")) desk.changed = true;
    else if (target.closest("[data-kept]")) desk.form = true;
  };
  // Escape is the safe answer from the moment the question is asked, not from the moment it is drawn: it may be pressed twice.
  const escape = (event) => {
    if (event.key !== "Escape" || !desk.asking) return;
    event.preventDefault();
    event.stopPropagation();
    answer(false);
  };
  window.addEventListener("keydown", escape, true);
  document.addEventListener("input", type, true);
  document.addEventListener("copy", () => {
    const taken = String(window.getSelection());
    if ([...document.querySelectorAll("[data-once]")].some((field) => field.value && taken.includes(field.value))) noteCopied();
  });
}
line.onChoice = (event) => {
  if (!desk.open.kind) return;
  desk.changed = true;
  desk.log = [...desk.log.slice(-199), event];
};

// A form of the page that is no dialog: what was typed outlives a step back and a restart of the server, as long as the page stays.
const kept = new Map();
export const Kept = ({ scope }) => {
  const anchor = useRef(null);
  useLayoutEffect(() => {
    const form = anchor.current.closest("[data-kept]");
    if (kept.has(scope)) restore("[data-kept]", kept.get(scope));
    return () => kept.set(scope, typedIn(form));
  }, [scope]);
  return createElement("span", { ref: anchor, hidden: true });
};
// A key that was used has been copied: nothing is lost with the page.
export const Used = ({ when }) => {
  useEffect(() => {
    if (when) noteCopied();
  }, [when]);
  return null;
};
export const Forgotten = ({ when }) => {
  const forget = () => void (kept.clear(), (desk.form = false));
  useEffect(() => void (when && forget()), [when]);
  useEffect(() => forget, []);
  return null;
};

// Reads what was typed before the page is drawn with what a server says that was started again and knows nothing of it.
class Keeper extends Component {
  getSnapshotBeforeUpdate() {
    if (!isLost(this.props.visit) || !desk.open.kind) return null;
    const dialog = document.querySelector("[data-dialog]");
    return dialog ? typedIn(dialog) : new Map();
  }
  componentDidUpdate(_props, _state, typed) {
    if (typed) desk.held = { typed, log: desk.log, asked: false };
    note(this.props);
  }
  componentDidMount() {
    note(this.props);
  }
  render() {
    return null;
  }
}
const note = ({ opened, visit, shown }) => {
  if (lifeOf(visit)) desk.life = lifeOf(visit);
  if (desk.held) return;
  if (shown.stamp !== desk.open.stamp) Object.assign(desk, { changed: false, copied: false, log: [], asking: shown.kind ? desk.asking : null });
  desk.open = shown;
};

// Says when a page whose connection came back still holds a key that is shown once.
export const Held = ({ visit, hydrated, onHeld }) => {
  const was = useRef(visit);
  useEffect(() => {
    if (!hydrated || was.current === visit) return;
    was.current = visit;
    if ([...document.querySelectorAll("[data-once]")].some((field) => field.value)) onHeld?.();
  }, [visit, hydrated]);
  return null;
};

// One per page. `hydrated`: the page shows what the server knows.
export const Desk = ({ opened, visit, hydrated, ended, language, onClose, choices, quiet, slow }) => {
  desk.close = onClose;
  const shown = useShown(opened, visit);
  useEffect(settle, [useLocation().key]);
  useEffect(() => void line.know({ language, choices, quiet, slow }), [language]);
  useEffect(() => void line.end(ended), [ended]);
  useEffect(() => void line.arrive(visit, lifeOf(visit)), [visit]);
  useEffect(() => {
    const { held } = desk;
    if (!held || !hydrated) return;
    if (!held.asked) {
      held.asked = true;
      const { handler, arguments: given } = desk.open;
      if (handler) line.send([ReflexEvent(handler, given), ...held.log], [], {});
      else giveUp(language);
    } else if (opened.kind === desk.open.kind) {
      desk.held = null;
      note({ opened, visit, shown: opened });
      desk.log = held.log;
      changed();
      restore("[data-dialog]", held.typed);
      toast.info(tr(language, opened.is_once ? TEXTS.key_kept : TEXTS.kept));
    } else if (ended.some((name) => name.endsWith(` ${desk.open.handler}`))) giveUp(language);
  }, [hydrated, opened, ended]);
  const blocker = useBlocker(
    ({ currentLocation, nextLocation, historyAction }) =>
      historyAction !== "POP" && currentLocation.pathname !== nextLocation.pathname && !nextLocation.pathname.startsWith("/login") && mustAsk(),
  );
  useEffect(() => {
    if (blocker.state === "blocked") ask(blocker.proceed, blocker.reset);
  }, [blocker.state]);
  useEffect(() => () => void (desk.asking = null), []);
  const { asking } = desk;
  useFocus(asking !== null);
  const say = (part) => tr(language, TEXTS[`${asking?.isOnce ? "once" : "unsaved"}_${part}`]);
  const question = createElement(
    AlertDialog.Root,
    { open: asking !== null, onOpenChange: (to) => to || answer(false) },
    createElement(
      AlertDialog.Content,
      { maxWidth: "440px", "data-question": "leave" },
      createElement(AlertDialog.Title, { size: "4" }, say("title")),
      createElement(AlertDialog.Description, { size: "2", color: "gray" }, say("text")),
      createElement(
        Flex,
        { justify: "end", gap: "3", mt: "5", wrap: "wrap" },
        createElement(AlertDialog.Cancel, null, createElement(Button, { variant: "soft", color: "gray", size: "3" }, say("stay"))),
        createElement(Button, { size: "3", className: "pb-danger", onClick: () => answer(true) }, say("discard")),
      ),
    ),
  );
  return createElement(Fragment, null, createElement(Keeper, { opened, visit, shown }), question);
};
const giveUp = (language) => {
  const { held } = desk;
  if (!held) return;
  Object.assign(desk, { held: null, open: NONE, changed: false, log: [] });
  changed();
  toast.warning(tr(language, "restart.lost"), { duration: 20_000 });
};

// Shows a page once it is loaded, then keeps showing it while its connection comes back: what was typed into it, and a key that is shown
// once, lie in it alone. Whoever comes from another page finds `ready` still true, of that page: the load of this one begins in an effect.
export const Gate = ({ ready, children }) => {
  const { pathname } = useLocation();
  const [begun, begin] = useState(null);
  const shown = useRef(null);
  useEffect(() => {
    const timer = setTimeout(begin, 0, pathname);
    return () => clearTimeout(timer);
  }, [pathname]);
  if (ready && begun === pathname) shown.current = pathname;
  return shown.current === pathname ? children[0] : children[1];
};

// A dialog. `question`: a short one, which is not left by a press beside it; `also`: what must hold besides; a question above a dialog
// has its own way of being left.
const FIRST = [
  "[data-focus]",
  ".pb-sheet-body :is(input:not([type=hidden]), textarea, select):not([disabled])",
  ".pb-sheet-body [role=radio][aria-checked=true]",
  ".pb-sheet-foot button:last-of-type",
];
const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
export const Sheet = ({ kinds, opened, visit, width, question, also = true, onLeave, children }) => {
  const shown = useShown(opened, visit);
  const isOpen = kinds.includes(shown.kind) && also;
  const own = useRef(kinds[0]); // while it leaves, it is still what it was
  if (kinds.includes(shown.kind)) own.current = shown.kind;
  useFocus(isOpen);
  const content = useRef(null);
  const focus = (event) => {
    event.preventDefault();
    const found = FIRST.flatMap((selector) => [...content.current.querySelectorAll(selector)]);
    (found.find(isSeen) ?? content.current).focus();
  };
  const leave = (to) => to || (onLeave ? onLeave() : leaveDialog());
  const parts = question ? AlertDialog : Dialog;
  const looks = question ? { maxWidth: width } : { maxWidth: width, className: "pb-sheet", align: "start", onOpenAutoFocus: focus };
  return createElement(
    parts.Root,
    { open: isOpen, onOpenChange: leave },
    createElement(parts.Content, { ref: content, "data-dialog": own.current, ...looks }, children),
  );
};
