// The sentences that scripts say, from the page's own translated list.
const said = document.getElementById("words").content;

export function word(name, values = {}) {
  const text = said.querySelector(`[data-word="${name}"]`).textContent;
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

export function announce(sentence) {
  document.querySelector("[data-announce]").textContent = sentence;
}
