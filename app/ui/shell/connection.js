// Says on the page why it has no live connection, and what to change when a proxy stands in the way. It works without the connection,
// so it asks over plain HTTP and takes its texts and its language from the browser.
import { createElement as h, useEffect, useState } from "react";

import { Copy, basePath } from "./browser";
import { tr } from "./i18n";

// A restart is over before that, and nothing has to be explained.
const PATIENCE = 3000;
const AGAIN = 10000;
const SLOW = 8000;
const TEXTS = {
  away: "connection.away",
  too_many_visitors: "connection.crowded",
  status: "connection.status",
  host: "connection.host",
  origin_host: "connection.origin_host",
  origin_port: "connection.origin_port",
  origin_scheme: "connection.origin_scheme",
  not_upgraded: "connection.not_upgraded",
  nothing: "connection.nothing",
  upgraded: "connection.upgraded",
};
const PROXY_LINES = ["host", "origin_host", "origin_port", "origin_scheme", "not_upgraded", "nothing", "upgraded"];
const SETTINGS = ["host", "origin_host", "origin_port", "origin_scheme"];

const look = async () => {
  const tab = encodeURIComponent(sessionStorage.getItem("token") ?? "");
  let response;
  try {
    response = await fetch(`${basePath()}/auth/connection?token=${tab}`, { method: "POST", cache: "no-store", signal: AbortSignal.timeout(SLOW) });
  } catch {
    return { code: "away" };
  }
  const said = await response.json().catch(() => null);
  if (said?.error?.code === "foreign_origin") return { code: `origin_${said.error.details.differs}` };
  if (said?.error?.code === "unknown_host") return { code: "host" };
  if (said?.arrived) return { code: said.arrived };
  return { code: "status", status: String(response.status) };
};

const fill = (text) =>
  text.replaceAll("{host}", window.location.host).replaceAll("{path}", basePath()).replaceAll("{address}", window.location.origin + basePath());

const Lines = ({ language, name, text }) =>
  h(
    "details",
    { className: "pb-details" },
    h("summary", null, name),
    h(
      "div",
      { className: "pb-lines" },
      h("pre", { tabIndex: 0, "aria-label": name }, fill(text)),
      h(Copy, { text: fill(text), copied: tr(language, "common.copied") }, h("button", { type: "button" }, tr(language, "common.copy"))),
    ),
  );

// `refused`: what the server said when it refused the connection itself; a handshake that failed says nothing.
export const Connection = ({ lost, refused, proxies, settings }) => {
  const [found, tell] = useState(null);
  useEffect(() => {
    if (!lost) return tell(null);
    let timer;
    let gone = false;
    const ask = async () => {
      const answer = await look();
      if (gone) return;
      tell(answer);
      timer = setTimeout(ask, AGAIN);
    };
    timer = setTimeout(ask, PATIENCE);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [lost]);
  if (!lost || !found) return null;
  const language = localStorage.getItem("pb-language") ?? "en";
  const code = Object.hasOwn(TEXTS, refused) ? refused : found.code;
  return h(
    "section",
    { className: "pb-connection", role: "status", "data-reason": code },
    h("strong", null, tr(language, "connection.title")),
    h("p", null, tr(language, TEXTS[code] ?? TEXTS.nothing, { status: found.status, host: window.location.host })),
    SETTINGS.includes(code) && h(Lines, { language, name: tr(language, "connection.settings"), text: settings }),
    PROXY_LINES.includes(code) && Object.entries(proxies).map(([name, text]) => h(Lines, { key: name, language, name: tr(language, "connection.lines", { proxy: name }), text })),
  );
};
