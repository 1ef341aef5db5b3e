// Bars over time. One look for a person, one sentence for a screen reader; the numbers themselves stand in the table of the page.
import { createElement as h } from "react";

import { amount, brief, money, short, tr } from "./i18n";

const WRITE = { count: amount, money, ms: (language, value) => tr(language, "usage.ms", { ms: value }) };

export const Plot = ({ points, whole, part, kind, step, tone, label, language }) => {
  const most = Math.max(...points.map((point) => point.whole), 0);
  const write = (value) => WRITE[kind](language, value);
  const said = (point) => [brief(language, point.at, step === "day"), `${whole}: ${write(point.whole)}`, part && `${part}: ${write(point.part)}`].filter(Boolean).join("\n");
  const height = (value) => `${most > 0 ? Math.max((100 * value) / most, value > 0 ? 2 : 0) : 0}%`;
  // Another number of bars is another drawing: old ones make room at once instead of moving.
  const bars = points.map((point) =>
    h("div", { key: `${points.length} ${point.at}`, className: "pb-bar", title: said(point) },
      h("div", { className: "pb-bar-whole", style: { height: height(point.whole) } }),
      part && h("div", { className: `pb-bar-part pb-bar-${tone}`, style: { height: height(point.part) } })));
  const ends = points.length ? [points[0], points[points.length - 1]].map((point) => brief(language, point.at, step === "day")) : ["", ""];
  const legend = [whole, part].map((name, index) => name && h("span", { key: index, className: "pb-plot-name" }, h("i", { className: index ? `pb-bar-${tone}` : "pb-bar-whole" }), name));
  return h("div", { className: "pb-plot" },
    h("div", { className: "pb-plot-most" }, most > 0 ? (kind === "count" ? short(language, most) : write(most)) : ""),
    h("div", { role: "img", "aria-label": label, className: "pb-bars" }, bars),
    h("div", { className: "pb-plot-ends" }, h("span", null, ends[0]), h("span", null, ends[1])),
    h("div", { className: "pb-plot-legend" }, legend));
};
