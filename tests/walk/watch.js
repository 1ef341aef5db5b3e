// Put into every page before its own code: notes when the page last stirred, and each notice that was shown.
(() => {
  if (window.__walk) return;
  const walk = (window.__walk = { document: Math.random().toString(36).slice(2), last: performance.now(), toasts: [], pressed: 0 });
  const stir = () => {
    walk.last = performance.now();
  };
  window.WebSocket = class extends window.WebSocket {
    constructor(...given) {
      super(...given);
      for (const kind of ["open", "close"]) this.addEventListener(kind, stir);
      this.addEventListener("message", ({ data }) => String(data).length > 1 && stir());
    }
    send(data) {
      if (String(data).length > 1) stir();
      super.send(data);
    }
  };
  new MutationObserver((changes) => {
    stir();
    for (const { addedNodes } of changes)
      for (const node of addedNodes) {
        const toasts = node.matches?.("[data-sonner-toast]") ? [node] : (node.querySelectorAll?.("[data-sonner-toast]") ?? []);
        for (const toast of toasts) walk.toasts.push(toast.textContent.trim());
      }
  }).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
})();
