// Fills the code from the text message where the browser offers it (WebOTP). It never submits:
// the person sees the code and presses the button.
const field = document.querySelector("[data-webotp]");
if (field && "OTPCredential" in window) {
  const stop = new AbortController();
  field.form.addEventListener("submit", () => stop.abort());
  try {
    const otp = await navigator.credentials.get({
      otp: { transport: ["sms"] },
      signal: stop.signal,
    });
    if (otp && !field.value) field.value = otp.code;
  } catch {
    // Refused, aborted or not possible here: typing works as ever.
  }
}
