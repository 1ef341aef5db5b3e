// What can be pressed or filled now: seen, enabled, and not behind a dialog.
() => {
  const one = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const CONTROLS =
    "button, a[href], input:not([type=hidden]), textarea, select, summary, [role=menuitem], [role=option], [role=tab], [role=switch], [role=checkbox], [role=radio]";
  const found = [];
  for (const e of document.querySelectorAll("[data-walk]")) delete e.dataset.walk;
  for (const e of document.querySelectorAll(CONTROLS)) {
    if (!e.checkVisibility({ visibilityProperty: true }) || e.closest("[aria-hidden=true], [inert]")) continue;
    if (e.disabled || e.getAttribute("aria-disabled") === "true" || e.hasAttribute("data-disabled")) continue;
    const style = getComputedStyle(e);
    const { width, height } = e.getBoundingClientRect();
    if (style.pointerEvents === "none" || width < 2 || height < 2) continue;
    const { left, top } = e.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    // Something else lies on it; what is out of view is scrolled to first.
    const hit = x >= 0 && y >= 0 && x < innerWidth && y < innerHeight ? document.elementFromPoint(x, y) : e;
    if (hit && hit !== e && !e.contains(hit) && !hit.contains(e) && !hit.closest("label")) continue;
    if (e.matches("a[href]") && (e.target === "_blank" || e.origin !== location.origin)) continue;
    const label =
      e.getAttribute("aria-label") || [...(e.labels ?? [])].map((l) => l.textContent).join(" ") ||
      (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent).join(" ").trim() ||
      e.textContent || e.getAttribute("placeholder") || e.getAttribute("name") || "";
    const field = e.matches("textarea, select") || (e.matches("input") && !["checkbox", "radio", "submit", "button"].includes(e.type));
    e.dataset.walk = String(found.length);
    found.push({
      at: found.length,
      kind: e.getAttribute("role") ?? e.tagName.toLowerCase(),
      label: one(label).slice(0, 80),
      field,
      type: e.tagName === "SELECT" ? "select" : (e.type ?? ""),
      name: e.getAttribute("name") ?? "",
      secret: e.type === "password" || e.hasAttribute("data-secret"),
      filled: field ? !!e.value : false,
      href: e.getAttribute("href") ?? "",
      submits: e.type === "submit" && !!e.form,
      inside: e.closest("[role=alertdialog]") ? "alertdialog" : e.closest("[role=dialog]") ? "dialog" : e.closest("[role=menu], [role=listbox]") ? "menu" : "",
      options: e.tagName === "SELECT" ? [...e.options].filter((o) => !o.disabled).map((o) => o.value) : [],
    });
  }
  return found;
}
