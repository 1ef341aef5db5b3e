// Parts of forms: the first mistake gets the focus, a secret is emptied, a pasted key goes where it belongs.
import { createElement, useEffect, useLayoutEffect, useRef, useState } from "react";

import { tr } from "./i18n";

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

// Submits the form it stands in with another intent than saving.
export const submitAs = (intent) => (event) => {
  const form = event.currentTarget.form;
  const field = form.elements.namedItem("intent");
  field.value = intent;
  form.requestSubmit();
  field.value = "save";
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
