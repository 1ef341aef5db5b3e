// Where a page was opened and what its address asks, known once the page is alive (`ready`); the first drawing is the same everywhere.
import { useEffect, useState } from "react";

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
