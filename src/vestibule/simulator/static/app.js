// The authentication app's tile: adds, shows, copies and removes accounts.
import { startScanning } from "./scan.js";
import { codeAt, parse } from "./totp.js";
import { accounts, forget, keep } from "./vault.js";
import { word } from "./words.js";

const REALLY_FOR = 4000;

export function startApp() {
  const app = document.querySelector("[data-app]");
  const [list, form] = [app.querySelector("[data-accounts]"), app.querySelector("[data-add]")];
  const [field, error] = [form.querySelector("input"), form.querySelector("[data-error]")];

  function add(text) {
    const account = parse(text);
    const fault = account ? (keep(account) ? "" : "already") : "not_a_secret";
    refuse(fault && word(fault));
    if (!fault) field.value = "";
    draw();
  }

  function refuse(sentence) {
    error.textContent = sentence;
    field.setAttribute("aria-invalid", String(Boolean(sentence)));
  }

  function draw() {
    const nodes = accounts().map((account) => row(account, draw));
    list.replaceChildren(...nodes);
    app.querySelector("[data-no-account]").hidden = nodes.length > 0;
    tick();
  }

  function tick() {
    for (const node of list.children) show(node);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(field.value);
    field.focus();
  });
  // Another tab of the desk may add or remove accounts.
  addEventListener("storage", draw);
  startScanning(add, refuse);
  draw();
  setInterval(tick, 1000);
}

const shown = new WeakMap();

function row(account, redraw) {
  const node = document.getElementById("account-item").content.cloneNode(true).firstElementChild;
  node.querySelector("[data-issuer]").textContent = account.issuer || word("unnamed");
  node.querySelector("[data-account]").textContent = account.account;
  const remove = node.querySelector("[data-remove]");
  remove.addEventListener("click", () => {
    if (remove.textContent === word("really")) {
      forget(account.secret);
      return redraw();
    }
    remove.textContent = word("really");
    setTimeout(() => (remove.textContent = word("remove")), REALLY_FOR);
  });
  shown.set(node, account);
  return node;
}

async function show(node) {
  const account = shown.get(node);
  const code = await codeAt(account, Date.now());
  const left = account.period - (Math.floor(Date.now() / 1000) % account.period);
  node.querySelector(".left").setAttribute("stroke-dashoffset", String(30 - (30 * left) / account.period));
  node.classList.toggle("late", left <= 5);
  node.querySelector("[data-code]").textContent = code.replace(/(?=(?:...)+$)(?!^)/g, " ");
  node.querySelector("[data-copy]").dataset.copy = code;
}
