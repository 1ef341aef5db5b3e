// Where a page was opened and what its address asks, known once the page is alive (`ready`); the first drawing is the same everywhere.
import { createElement, useEffect, useRef, useState } from "react";

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.*\.localhost)$/;
const BEFORE = { ready: false, plain: false, error: "", email: "", name: "", next: "", wait: "", token: "" };

const look = () => {
  const asked = new URLSearchParams(window.location.search);
  return {
    ready: true,
    plain: window.location.protocol === "http:" && !LOOPBACK.test(window.location.hostname),
    ...Object.fromEntries(["error", "email", "name", "next", "wait"].map((key) => [key, asked.get(key) ?? ""])),
    token: window.location.hash.slice(1),
  };
};

// Parts that appear once the page is alive know it from their first drawing on, so that the right field gets the focus.
let alive = false;

export const usePlace = () => {
  const [place, settle] = useState(() => (alive ? look() : BEFORE));
  useEffect(() => {
    alive = true;
    settle(look());
  }, []);
  return place;
};

// Below a field: what is wrong with it, in the reader's words, when its form is sent. The first one that is wrong gets the focus.
export const FieldCheck = ({ field, missing, wrong }) => {
  const anchor = useRef(null);
  const [said, say] = useState("");
  useEffect(() => {
    const form = anchor.current.closest("form");
    const problem = (input) => (input.validity.valueMissing ? missing : input.validity.valid ? "" : wrong || missing);
    const mark = (input, found) => {
      say(found);
      input.setAttribute("aria-invalid", found ? "true" : "false");
    };
    const check = (event) => {
      const input = form.elements.namedItem(field);
      const found = problem(input);
      mark(input, found);
      if (found && !event.defaultPrevented) input.focus();
      if (found) event.preventDefault();
    };
    const calm = ({ target }) => target.name === field && !problem(target) && mark(target, "");
    form.addEventListener("submit", check);
    form.addEventListener("input", calm);
    return () => {
      form.removeEventListener("submit", check);
      form.removeEventListener("input", calm);
    };
  }, [field, missing, wrong]);
  return createElement("p", { ref: anchor, id: `${field}-error`, role: "alert", className: "pb-field-error" }, said);
};
