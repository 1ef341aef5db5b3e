// Everything the oracles judge, read from the page in one go.
([frames, secret]) => {
  // A page is large: only where something like a secret stands in it is handed over.
  const marked = (text) =>
    [...text.matchAll(new RegExp(secret, "g"))].slice(0, 3).map((hit) => text.slice(Math.max(0, hit.index - 120), hit.index + hit[0].length)).join("\n");
  const seen = (e) => e.checkVisibility({ visibilityProperty: true });
  const one = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const named = (e) =>
    one(
      e.getAttribute("aria-label") ||
        (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent).join(" ").trim() ||
        [...(e.labels ?? [])].map((label) => label.textContent).join(" ") ||
        e.textContent || e.getAttribute("placeholder") || e.getAttribute("name") || e.tagName,
    );
  const texts = [];
  const tree = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (tree.nextNode()) {
    const { parentElement: e, textContent } = tree.currentNode;
    const text = one(textContent);
    if (!text || !seen(e) || e.closest("script, style, option")) continue;
    texts.push({ text, own: !!e.closest("[lang]:not(html)"), code: !!e.closest("pre, code, .pb-mono") });
  }
  for (const e of document.querySelectorAll("[aria-label], [title], [placeholder], [aria-description], [alt]"))
    for (const name of ["aria-label", "title", "placeholder", "aria-description", "alt"])
      if (one(e.getAttribute(name))) texts.push({ text: one(e.getAttribute(name)), own: !!e.closest("[lang]:not(html)"), code: false });
  const dialogs = [...document.querySelectorAll("[role=dialog], [role=alertdialog]")]
    .filter((e) => seen(e) && e.dataset.state !== "closed")
    .map((e) => ({
      role: e.getAttribute("role"),
      title: named(e).slice(0, 120),
      popover: e.classList.contains("rt-PopoverContent"),
      kind: e.dataset.dialog ?? "",
      asks: e.dataset.question === "leave",
    }));
  const busy = [...document.querySelectorAll("button")]
    .filter((e) => seen(e) && (e.getAttribute("aria-busy") === "true" || e.querySelector(".rt-Spinner")))
    .map((e) => named(e).slice(0, 80));
  const sticking = [document.documentElement, ...document.querySelectorAll(frames)]
    .filter((e) => e.scrollWidth > e.clientWidth + 1)
    .map((e) => `${e.nodeName} ${e.className}: ${e.scrollWidth} > ${e.clientWidth}`);
  const on = (e) => ({ true: true, false: false })[e.querySelector("[role=switch]")?.getAttribute("aria-checked")] ?? null;
  const cards = [...document.querySelectorAll("main a[href^='/providers/']")]
    .map((link) => [link, link.closest("[role=listitem], tr")])
    .filter(([link, e]) => e && seen(link))
    .map(([link, e]) => ({ name: link.getAttribute("href").split("/")[2], label: one(link.textContent), on: on(e), parts: parts(e) }));
  function parts(e) {
    const found = [];
    const inner = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
    while (inner.nextNode()) if (one(inner.currentNode.textContent)) found.push(one(inner.currentNode.textContent));
    return found;
  }
  const rows = [...document.querySelectorAll("main tbody tr")]
    .filter((e) => e.querySelector("th") && seen(e))
    .map((e) => ({ head: parts(e.querySelector("th")), on: on(e), parts: parts(e) }));
  const focus = document.activeElement;
  return {
    document: window.__walk?.document ?? "",
    path: location.pathname,
    query: location.search,
    title: document.title,
    language: document.documentElement.lang,
    texts, dialogs, busy, sticking, cards, rows,
    focus: !focus || focus === document.body || focus === document.documentElement ? "" : `${focus.tagName.toLowerCase()} ${named(focus)}`.slice(0, 120),
    toasts: window.__walk?.toasts ?? [],
    narrowing: {
      search: document.querySelector("main [data-search] input, main input[data-search], main input[type=search]")?.value ?? "",
      chosen: [...document.querySelectorAll("main button[role=combobox], main select")].map((e) => one(e.tagName === "SELECT" ? e.selectedOptions[0]?.textContent : e.textContent)),
      badges: [...document.querySelectorAll("main button .rt-Badge")].map((e) => one(e.textContent)),
    },
    tabs: [...document.querySelectorAll("main [role=tab][id*='-trigger-']")].filter(seen).map((e) => [e.id.split("-trigger-").at(-1), e.ariaSelected === "true"]),
    pulse: [...document.querySelectorAll(".pb-live .pb-dot")].filter(seen).map((e) => e.className),
    headings: [...document.querySelectorAll("h1, h2")].filter(seen).map((e) => one(e.textContent)),
    waiting: !!document.querySelector("main [aria-busy=true], main .rt-Skeleton"),
    markup: marked(document.documentElement.outerHTML),
    stored: marked(JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state, location.href])),
  };
}
