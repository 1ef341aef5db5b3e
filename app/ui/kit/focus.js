// Keeps the focus where it belongs around dialogs, and where what had it goes with what it did: a row that was removed, a button that is
// needed no more. A menu entry that opens a dialog closes its menu later and would take the focus back to the menu's button; and when the
// dialog closes, the entry is gone, or the row it was opened from: its neighbour takes the focus then.
import { useEffect, useRef } from "react";

const OVERLAY = "[role=dialog], [role=alertdialog]";
const ROW = "tr, li, [role=listitem]";
const REACHED = "button:not([disabled]), a[href], input:not([type=hidden]), select, textarea";
const DELAYS_MS = [60, 250, 500, 900]; // menus and dialogs leave with a short animation; only then does the focus move
let outside = { home: null, near: [], place: 0, at: "" }; // what had the focus last, its neighbours, its rank in its row from the end, the page
const last = new WeakMap(); // dialog → what had the focus in it
const reached = (part) => [...(part.matches(REACHED) ? [part] : []), ...part.querySelectorAll(REACHED)];
const remember = (target) => {
  if (!target) return;
  const overlay = target.closest(OVERLAY);
  if (overlay) last.set(overlay, target);
  else if (!target.closest("[role=menu], [data-radix-focus-guard], [data-sonner-toaster]")) {
    const row = target.closest(ROW);
    const { nextElementSibling, previousElementSibling } = row ?? target;
    const place = row ? reached(row).reverse().indexOf(target) : 0;
    outside = { home: target, near: [nextElementSibling, previousElementSibling], place, at: window.location.pathname };
  }
};
const isNowhere = () => !document.activeElement || document.activeElement === document.body;
const back = () => {
  const { home, near, place } = outside;
  if (home?.isConnected && !home.disabled) return home;
  const found = near.filter((element) => element?.isConnected).map((element) => reached(element).reverse()).find((list) => list.length) ?? [];
  return found[place] ?? found[0] ?? document.getElementById("content");
};
// Reads where the focus was when it is due, not when it was asked for: whoever was elsewhere meanwhile goes back there.
const settle = (open) => {
  const over = [...document.querySelectorAll(OVERLAY)].pop();
  const isLost = isNowhere();
  const target = over ? (isLost || (open && !document.activeElement.closest(OVERLAY))) && (last.get(over) ?? over) : isLost && !open && back();
  if (target) target.focus({ preventScroll: true });
};
if (typeof document !== "undefined") {
  document.addEventListener("focusin", ({ target }) => remember(target));
  // A menu's button never gets the focus when it is pressed with a pointer: the menu takes it.
  document.addEventListener("pointerdown", ({ target }) => remember(target.closest("button, a, input, select, textarea")), true);
  const isOverlay = (node) => node instanceof Element && (node.matches(OVERLAY) || node.querySelector(OVERLAY) !== null);
  new MutationObserver((changes) => {
    if (!outside.home || !isNowhere()) return;
    // A dialog may take longer to leave than is waited for below, on a busy machine.
    if (outside.home.isConnected) {
      if (changes.some(({ removedNodes }) => [...removedNodes].some(isOverlay))) setTimeout(settle, DELAYS_MS[0], false);
      return;
    }
    outside.home = null;
    DELAYS_MS.forEach((delay) => setTimeout(() => outside.at === window.location.pathname && settle(false), delay));
  }).observe(document, { childList: true, subtree: true });
}
export const useFocus = (open) => {
  const was = useRef(open);
  useEffect(() => {
    const isTurned = was.current !== open;
    was.current = open;
    if (!isTurned) return;
    const timers = DELAYS_MS.map((delay) => setTimeout(settle, delay, open));
    // Whoever goes on meanwhile is where they want to be, unless that is nowhere: Escape is pressed more often than needed.
    const stop = () => isNowhere() || timers.forEach(clearTimeout);
    const ways = ["pointerdown", "keydown"];
    ways.forEach((way) => document.addEventListener(way, stop, true));
    return () => {
      timers.forEach(clearTimeout);
      ways.forEach((way) => document.removeEventListener(way, stop, true));
    };
  }, [open]);
};
