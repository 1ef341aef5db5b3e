// What was typed: read before a page is drawn anew, and put back into its fields afterwards.
const RESTORE_MS = 5_000;

// What was typed into the fields of a part of the page, by their names.
const NAMED = "[name]:not([name=''])";
const TYPED = `input${NAMED}:not([type=hidden]):not([type=checkbox]):not([type=radio]), textarea${NAMED}, select${NAMED}`;
export const typedIn = (root) => new Map([...root.querySelectorAll(TYPED)].map((field) => [field.name, field.value]));
const put = (field, value) => {
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, value);
  field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
};
// Fields may come one by one, when the server says what is asked for. Each is filled once: what is typed meanwhile is newer.
export const restore = (selector, typed) => {
  const left = new Map(typed);
  const look = () => {
    for (const field of document.querySelectorAll(`:is(${selector}) :is(${TYPED})`)) {
      const value = left.get(field.name);
      if (value === undefined) continue;
      left.delete(field.name);
      if (field.value !== value) put(field, value);
    }
    if (!left.size) watch.disconnect();
  };
  const watch = new MutationObserver(look);
  watch.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => watch.disconnect(), RESTORE_MS);
  look();
};
