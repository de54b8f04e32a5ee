// Makes the markup of one message from the page's own template, as the server would.
const LINK = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/;

export function build(kind, message) {
  const node = document.getElementById(`${kind}-item`).content.cloneNode(true).firstElementChild;
  node.dataset.id = message.id;
  node.id = `m-${message.id}`;
  for (const spot of node.querySelectorAll("[data-fill]")) {
    spot.textContent = message[spot.dataset.fill] ?? "";
  }
  for (const spot of node.querySelectorAll("[data-linked]")) linked(spot, message.text);
  for (const spot of node.querySelectorAll("[lang]")) spot.lang = message.locale;
  node.querySelector("[data-addressee]").hidden = message.to === message.account_label;
  const ended = node.querySelector("[data-ended]");
  if (ended && message.ended_label) ended.textContent = `· ${message.ended_label}`;
  const reply = node.querySelector("[data-reply]");
  if (reply) reply.action = `/simulator/texts/${encodeURIComponent(message.id)}/reply`;
  const copy = node.querySelector("[data-copy]");
  if (copy) {
    copy.dataset.copy = message.code ?? "";
    copy.hidden = !message.code;
  }
  node.querySelector("time").dateTime = message.sent_at;
  localise(node);
  return node;
}

// The server can only say UTC; the reader's clock is better.
export function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.textContent = clock(at);
    time.title = at.toLocaleString(document.documentElement.lang);
  }
}

export function clock(at) {
  return at.toLocaleTimeString(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
}

function linked(spot, text) {
  const parts = text.split(LINK).map((part, at) => {
    if (at % 2 === 0) return part;
    const link = document.createElement("a");
    link.href = link.textContent = part;
    return link;
  });
  spot.replaceChildren(...parts);
}
