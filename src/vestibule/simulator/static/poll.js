// Asks for newer messages once a second while the page is looked at.
import { word } from "./words.js";

const EVERY = 1000;

export function poll(after, onMessage) {
  const fault = document.querySelector("[data-fault]");
  const seen = new Set([...document.querySelectorAll("[data-id]")].map((node) => node.dataset.id));
  let timer;

  async function ask() {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch(`/simulator/messages?after=${encodeURIComponent(after)}`);
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.json());
      fault.textContent = "";
    } catch {
      fault.textContent = word("unreachable");
    }
    clearTimeout(timer);
    timer = setTimeout(ask, EVERY);
  }

  function take(messages) {
    for (const message of messages) {
      after = message.id;
      if (seen.has(message.id)) continue;
      seen.add(message.id);
      onMessage(message);
    }
  }

  document.addEventListener("visibilitychange", ask);
  ask();
}
