// The browser's half of `words`: picks a text, fills its holes, writes numbers and times the reader's way.
// `catalogue` puts the catalogues (const C) in front of this file.
import { createElement, useEffect, useState } from "react";

const kept = new Map();
const tool = (kind, language, options) => {
  const name = kind + language + JSON.stringify(options ?? "");
  if (!kept.has(name)) kept.set(name, new Intl[kind](C[language] ? language : "en", options));
  return kept.get(name);
};

export const amount = (language, value) => (Number.isFinite(value) ? tool("NumberFormat", language, { maximumFractionDigits: 1 }).format(value) : "");

// 1,200,000 as "1.2M", for places without room.
export const short = (language, value) => tool("NumberFormat", language, { notation: "compact", maximumFractionDigits: 1 }).format(value);

// US dollars; of less than a cent as many digits as say something.
export const money = (language, value) => {
  const digits = value !== 0 && Math.abs(value) < 0.01 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return Number.isFinite(value) ? tool("NumberFormat", language, { style: "currency", currency: "USD", ...digits }).format(value) : "";
};

export const moment = (language, at) => {
  const date = new Date(at);
  return at && !isNaN(date) ? tool("DateTimeFormat", language, { dateStyle: "medium", timeStyle: "medium" }).format(date) : "";
};

export const tr = (language, key, values, fallback) => {
  let text = C[language]?.[key] ?? C.en[key] ?? C[language]?.[fallback] ?? C.en[fallback] ?? key;
  if (typeof text === "object") text = text[tool("PluralRules", language).select(Number(values?.n ?? 0))] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (hole, name) => {
    const value = values?.[name];
    return typeof value === "number" ? amount(language, value) : (value ?? "");
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
    if (Math.abs(distance) < size) return tool("RelativeTimeFormat", language, { numeric: "auto", style: "short" }).format(Math.round(distance), unit);
    distance /= size;
  }
};

export const Ago = ({ at, language }) => {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 20000);
    return () => clearInterval(timer);
  }, []);
  if (!at) return null;
  return createElement("time", { dateTime: at, title: moment(language, at) }, relative(language, at));
};

export const Tongue = ({ language }) => {
  useEffect(() => {
    document.documentElement.lang = C[language] ? language : "en";
  }, [language]);
  return null;
};
