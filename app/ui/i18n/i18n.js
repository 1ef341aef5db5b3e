// The browser's half of `words`: picks a text, fills its holes, writes numbers and times the reader's way.
// `catalogue` puts the catalogues (const C), and the holes whose numbers are names (const NAMES), in front of this file.
import { createElement, Fragment, useContext, useEffect, useLayoutEffect, useState } from "react";

import { DispatchContext } from "./context-registry";

const kept = new Map();
const tool = (kind, language, options) => {
  const name = kind + language + JSON.stringify(options ?? "");
  if (!kept.has(name)) kept.set(name, new Intl[kind](C[language] ? language : "en", options));
  return kept.get(name);
};

// Between Chinese and a figure or Latin letter stands a space, which Intl leaves out.
const spaced = (text) => text.replace(/(?<=\p{Script=Han})(?=[\dA-Za-z])|(?<=[\dA-Za-z])(?=\p{Script=Han})/gu, " ");

export const amount = (language, value) => {
  const figure = typeof value === "string" && value ? Number(value) : value; // as a form keeps it
  return Number.isFinite(figure) ? tool("NumberFormat", language, { maximumFractionDigits: 1 }).format(figure) : "";
};

// 1,200,000 as "1.2M", for places without room.
export const short = (language, value) => spaced(tool("NumberFormat", language, { notation: "compact", maximumFractionDigits: 1 }).format(value));

// US dollars; of less than a cent as many digits as say something.
export const money = (language, value) => {
  const digits = value !== 0 && Math.abs(value) < 0.01 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return Number.isFinite(value) ? tool("NumberFormat", language, { style: "currency", currency: "USD", ...digits }).format(value) : "";
};

// Vietnamese writes the month as a number.
const monthIn = (language) => (language === "vi" ? "numeric" : "short");
const date = (language) => ({ day: "numeric", month: monthIn(language), year: "numeric" });
// Before AM and PM stands no zero.
const hourIn = (language) => (language === "en" ? "numeric" : "2-digit");

export const moment = (language, at) => {
  const then = new Date(at);
  const options = { ...date(language), hour: hourIn(language), minute: "2-digit", second: "2-digit" };
  return at && !isNaN(then) ? spaced(tool("DateTimeFormat", language, options).format(then)) : "";
};

// A short date, with the hour unless it stands for a whole day.
export const brief = (language, at, day) => {
  const month = monthIn(language);
  const options = day ? { day: "numeric", month, timeZone: "UTC" } : { day: "numeric", month, hour: hourIn(language), minute: "2-digit" };
  return spaced(tool("DateTimeFormat", language, options).format(new Date(at)));
};

export const tr = (language, key, values, fallback) => {
  let text = C[language]?.[key] ?? C.en[key] ?? C[language]?.[fallback] ?? C.en[fallback] ?? key;
  if (typeof text === "object") text = text[tool("PluralRules", language).select(Number(values?.n ?? 0))] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (hole, name) => {
    const value = values?.[name];
    return typeof value === "number" && !NAMES.includes(name) ? amount(language, value) : (value ?? "");
  });
};

// Whoever never chose a language reads the one their browser asks for, if we speak it. Kept where Reflex keeps the choice.
const CHOICE = "pb-language";
if (typeof localStorage !== "undefined" && localStorage.getItem(CHOICE) === null) {
  const spoken = (navigator.languages ?? []).map((tag) => tag.split("-")[0]).find((code) => C[code]);
  if (spoken) localStorage.setItem(CHOICE, spoken);
}

const STEPS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 30], ["month", 12], ["year", Infinity]];
const relative = (language, at) => {
  let distance = (new Date(at) - Date.now()) / 1000;
  if (Math.abs(distance) < 10) distance = 0;
  for (const [unit, size] of STEPS) {
    if (Math.abs(Math.round(distance)) < size) { // 59.6 seconds are a minute, never "60 sec ago"
      const text = tool("RelativeTimeFormat", language, { numeric: "auto", style: "short" }).format(Math.round(distance), unit);
      return spaced(text.replaceAll(".", "")); // "2 min ago": English abbreviates with a full stop
    }
    distance /= size;
  }
};

// A day is the same day everywhere: no time zone moves it.
const DAY = /^\d{4,}-\d\d-\d\d$/;
const day = (language, at) => spaced(tool("DateTimeFormat", language, { ...date(language), timeZone: "UTC" }).format(new Date(`${at}T00:00Z`)));

// A time, or a day, in a sentence. `sentence` holds a gap (words.py: _GAP) where the time stands; without one there is only the time.
const GAP = "\ue000";
export const Ago = ({ at, language, sentence = GAP }) => {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 20000);
    return () => clearInterval(timer);
  }, []);
  if (!at) return null;
  const isDay = DAY.test(at);
  const said = isDay ? day(language, at) : relative(language, at);
  const [before, after = ""] = sentence.split(GAP);
  const seam = (left, right) => (spaced(left.slice(-1) + right.slice(0, 1)).length > 2 ? " " : "");
  const time = createElement("time", { dateTime: at, title: isDay ? undefined : moment(language, at) }, said);
  return createElement(Fragment, null, before + seam(before, said), time, seam(said, after) + after);
};

// A page comes in English, and the server learns the choice with the connection; a page without one follows it all the same. `state`,
// `field`: where Reflex keeps it in the browser.
export const HtmlLang = ({ language, state, field }) => {
  const dispatch = useContext(DispatchContext);
  useLayoutEffect(() => {
    const chosen = localStorage.getItem(CHOICE);
    if (C[chosen] && chosen !== language) dispatch[state]({ [field]: chosen });
  }, []);
  useEffect(() => {
    document.documentElement.lang = tr(language, "language.tag");
  }, [language]);
  return null;
};
