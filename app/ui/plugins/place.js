// Where a page was opened and what its address asks, known once the page is alive (`ready`); the first drawing is the same everywhere.
import { useEffect, useState } from "react";

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.*\.localhost)$/;
const BEFORE = { ready: false, plain: false, error: "", email: "", name: "", next: "", wait: "", token: "" };

export const usePlace = () => {
  const [place, settle] = useState(BEFORE);
  useEffect(() => {
    const asked = new URLSearchParams(window.location.search);
    settle({
      ready: true,
      plain: window.location.protocol === "http:" && !LOOPBACK.test(window.location.hostname),
      ...Object.fromEntries(["error", "email", "name", "next", "wait"].map((key) => [key, asked.get(key) ?? ""])),
      token: window.location.hash.slice(1),
    });
  }, []);
  return place;
};
