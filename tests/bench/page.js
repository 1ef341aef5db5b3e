// The browser's half of `page.py`: when the page shows what, how much came over the websocket, how long the page was busy.
(() => {
  const bench = (window.bench = { shown: 0, seen: 0, busy: 0, frames: [] });
  const now = () => performance.now();
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  let changed = 0;
  let heard = 0;
  let awaited = null;

  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        heard = now();
        if (data.length > 1) bench.frames.push({ at: heard, size: new Blob([data]).size }); // shorter ones are pings
      });
    }
  };
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) bench.busy += Math.max(0, task.duration - 50);
  }).observe({ type: "longtask", buffered: true });

  bench.listed = () => [...document.querySelectorAll(".pb-card, tbody > tr")].filter((row) => row.offsetParent);
  bench.row = (label) => bench.listed().find((row) => row.textContent.includes(label));
  bench.state = (label) => bench.row(label)?.querySelector("[role=switch]")?.getAttribute("aria-checked");
  new MutationObserver(() => {
    changed = now();
    if (!bench.shown && bench.row("Provider 000")) bench.shown = changed;
    if (awaited?.()) [bench.seen, awaited] = [now(), null];
  }).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });

  const note = (event) => awaited && event.type === bench.kind && (bench.began = event.timeStamp);
  for (const kind of ["pointerdown", "click", "input"]) document.addEventListener(kind, note, true);

  // Waits for something; for a quarter of a second without a message or a change.
  bench.until = async (holds) => {
    for (const end = now() + 15000; !holds(); await rest(5)) if (now() > end) throw new Error(`never: ${holds}`);
  };
  bench.quiet = () => bench.until(() => now() - Math.max(heard, changed) > 250);

  // From now on: `seen` is when `holds` became true, `began` when the last event of this kind before it happened.
  bench.arm = (holds, kind) => {
    Object.assign(bench, { seen: 0, began: 0, mark: now(), kind });
    awaited = holds;
  };
  bench.since = () => bench.frames.filter((frame) => frame.at >= bench.mark);
})();
