// The paper mailbox: its flag is up while a mail that came has not been opened.
import { build } from "./message.js";
import { wave } from "./tabs.js";
import { announce, word } from "./words.js";

export function startMailbox() {
  const box = document.querySelector("[data-mailbox]");
  const list = box.querySelector("[data-list]");
  const none = box.querySelector("[data-no-mail]");
  const count = box.querySelector("[data-unread]");

  function raise() {
    const unread = list.querySelectorAll("[data-new]").length;
    box.classList.toggle("flag-up", unread > 0);
    count.textContent = unread ? word("unread", { count: unread }) : "";
  }

  return function take(message) {
    const node = build("mail", { ...message, subject: message.subject || message.purpose_label });
    node.dataset.new = "";
    node.querySelector("details").addEventListener("toggle", () => {
      delete node.dataset.new;
      raise();
    });
    list.prepend(node);
    none.hidden = true;
    raise();
    wave("mail");
    announce(`${word("new_mail")}: ${message.subject}`);
  };
}
