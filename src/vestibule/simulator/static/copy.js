// One listener for every copy button; the button itself says that it worked.
import { announce, word } from "./words.js";

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || button.dataset.label) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      select(button);
      return;
    }
    button.dataset.label = button.textContent;
    button.textContent = word("copied");
    announce(word("copied"));
    setTimeout(() => {
      button.textContent = button.dataset.label;
      delete button.dataset.label;
    }, 1600);
  });
}

// Where the clipboard is refused, the text is marked for the reader's own copy key.
function select(button) {
  const text = button.closest("li").querySelector(".digits, .body");
  getSelection().selectAllChildren(text);
}
