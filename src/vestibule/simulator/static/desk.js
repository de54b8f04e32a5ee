// Sets the desk up and gives each new message to the part it belongs to.
import { startApp } from "./app.js";
import { startCopying } from "./copy.js";
import { startMailbox } from "./mailbox.js";
import { localise } from "./message.js";
import { startPhone } from "./phone.js";
import { poll } from "./poll.js";
import { startTabs } from "./tabs.js";

document.documentElement.dataset.scripted = "";
localise(document);
startTabs();
startCopying();
startApp();

const takeMail = startMailbox();
const takeRing = startPhone();
const empty = document.querySelector("[data-empty]");

// A page of older messages stays as it is.
const desk = document.querySelector(".desk");
if (!("still" in desk.dataset)) {
  poll(desk.dataset.after, (message) => {
    empty.hidden = true;
    if (message.channel === "email") takeMail(message);
    else takeRing(message);
  });
}
