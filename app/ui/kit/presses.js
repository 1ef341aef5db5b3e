// Between the page and its socket: a button is busy from the first press until its handler has ended, and what is pressed while there is
// no connection is told, not carried out later.
import { toast } from "sonner";

import { eventLoop } from "./context-registry";
import { tr } from "./i18n";

const known = { language: "en", choices: new Set(), quiet: new Set(), slow: new Set() };
const pressed = new Map(); // what was pressed → name of its handler and the button
let seen = 0; // number of the newest handler that ended
let life = "";
let visited = "";
const told = new Map(); // notice → when
let real = eventLoop.addEvents;

const TOLD_MS = 8_000;
const TEXTS = { offline: "line.offline", unsure: "line.unsure" };
const TYPING = new Set(["input", "change", "blur", "focus"]);
const isOurs = (event) => typeof event?.name === "string" && event.name.startsWith("reflex___state");

const release = (key) => {
  const { button, isMarked } = pressed.get(key);
  pressed.delete(key);
  if (!button || [...pressed.values()].some((other) => other.button === button)) return;
  button.removeAttribute("data-pressed");
  if (isMarked) button.removeAttribute("aria-busy");
};
const press = (key, name, button) => {
  const isMarked = Boolean(button) && !button.hasAttribute("aria-busy");
  pressed.set(key, { name, button, isMarked });
  button?.setAttribute("data-pressed", "");
  if (isMarked) button.setAttribute("aria-busy", "true");
};
// A notice that stands is not told again: pages also send what nobody pressed, a moment after somebody pressed something.
const say = (key) => {
  if (Date.now() - (told.get(key) ?? 0) < TOLD_MS) return;
  told.set(key, Date.now());
  toast.warning(tr(known.language, TEXTS[key]), { duration: TOLD_MS });
};

const send = (events, args, actions) => {
  const list = [events].flat(Infinity).filter(Boolean);
  const ours = list.filter(isOurs);
  if (!ours.length) return real(events, args, actions);
  const cause = [args].flat().find((arg) => arg?.preventDefault !== undefined);
  // A switch tells what it becomes, not what was done to it.
  const flicked = !cause && window.event?.type === "click" ? window.event.target.closest?.("[role=switch]") : null;
  const isTyped = list.some((event) => event.event_actions?.debounce) || Boolean(actions?.debounce) || TYPING.has(cause?.type);
  const [{ name, payload }] = ours;
  const isChosen = known.choices.has(name);
  if (isTyped) {
    if (isChosen) line.onChoice?.(ours[0]); // from a list: nothing is pressed, and something is chosen
    return real(events, args, actions);
  }
  const isSubmit = cause?.type === "submit";
  const isPressed = Boolean(cause ?? flicked) && !known.quiet.has(name);
  // Of a form one submission at a time, whatever is in it; of a button the same thing once.
  const key = isSubmit ? name : `${name} ${JSON.stringify(payload ?? {})}`;
  if (isPressed && pressed.has(key)) return undefined;
  if (isChosen) line.onChoice?.(ours[0]);
  // Marked as temporal, an event is dropped when there is no connection, and nothing comes back.
  const sent = real(events, args, { ...actions, temporal: true });
  if (sent === undefined) {
    real([], [], {}); // look for the server again
    if (navigator.userActivation?.isActive) say("offline");
    return undefined;
  }
  if (isPressed) {
    const form = isSubmit ? cause.target : null;
    press(key, name, form ? (cause.nativeEvent?.submitter ?? form.querySelector("button[type=submit]")) : (flicked ?? cause.currentTarget?.closest?.("button") ?? null));
  }
  return sent;
};
Object.defineProperty(eventLoop, "addEvents", { configurable: true, enumerable: true, get: () => send, set: (fn) => void (real = fn) });

export const line = {
  onChoice: null,
  send: (...given) => real(...given),
  know: ({ language, choices, quiet, slow }) =>
    Object.assign(known, { language, choices: new Set(choices), quiet: new Set(quiet), slow: new Set(slow) }),
  // Handlers that ended: "number name", the newest last.
  end: (ended) => {
    for (const [number, name] of ended.map((one) => one.split(" "))) {
      if (Number(number) <= seen) continue;
      for (const [key, one] of [...pressed]) if (one.name === name) release(key);
    }
    seen = Math.max(seen, ...ended.map((one) => Number(one.split(" ")[0])));
  },
  // The connection is another one. What was on its way may have been carried out, or not.
  arrive: (visit, lived) => {
    const isLost = life !== "" && lived !== "" && lived !== life;
    if (visited !== "" && visit !== visited) {
      const open = [...pressed].filter(([, { name }]) => isLost || !known.slow.has(name));
      open.forEach(([key]) => release(key));
      if (open.length) say("unsure");
    }
    if (isLost) seen = 0;
    [visited, life] = [visit, lived || life];
  },
};
