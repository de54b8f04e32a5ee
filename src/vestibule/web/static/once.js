// A secret is shown once, also by the Back button: browsers keep whole pages in memory, with
// `no-store` too, and the cookies that would end such a copy do not change here.
addEventListener("pagehide", (event) => {
  if (event.persisted) document.body.replaceChildren();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.replace(location.href);
});
