// A form with data-passkey: the press asks us what to ask, the browser asks the person, and the
// answer goes in with the form. Without this script the page's other ways stand as ever.
const read = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const write = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const listed = (list) => (list ?? []).map((one) => ({ ...one, id: read(one.id) }));
const SAID = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

function asked(options) {
  const publicKey = { ...options, challenge: read(options.challenge) };
  if (options.user) publicKey.user = { ...options.user, id: read(options.user.id) };
  publicKey.excludeCredentials = listed(options.excludeCredentials);
  publicKey.allowCredentials = listed(options.allowCredentials);
  return { publicKey };
}

function answered({ id, rawId, type, response }) {
  const said = SAID.filter((name) => response[name]).map((name) => [name, write(response[name])]);
  const transports = response.getTransports?.() ?? [];
  return { id, rawId: write(rawId), type, response: { ...Object.fromEntries(said), transports } };
}

async function run(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    body: new URLSearchParams({ csrf: form.elements.csrf.value }),
  });
  // Signed out meanwhile, say: the page itself knows what comes first now.
  if (answer.redirected) return location.reload();
  const { options, refused } = await answer.json();
  // A sentence of ours, where everything else that is thrown is the browser's own.
  if (refused) throw refused;
  const made = await navigator.credentials[form.dataset.passkey](asked(options));
  form.elements.credential.value = JSON.stringify(answered(made));
  form.requestSubmit();
}

function reason(form, error) {
  if (typeof error === "string") return error;
  const known = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "present" };
  return form.dataset[known[error.name] ?? "failed"];
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const said = form.querySelector("[data-said]");
  let busy = false;
  if (!window.PublicKeyCredential) {
    said.textContent = form.dataset.unsupported;
    continue;
  }
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    said.textContent = "";
    await run(form).catch((error) => (said.textContent = reason(form, error)));
    busy = false;
  });
}
// Back to a page that the browser kept: its answer was used up.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.elements.credential.value = "";
  }
});
