// Reads a QR code from a chosen or pasted picture, where the browser can.
import { word } from "./words.js";

export async function startScanning(onText, onFault) {
  const detector = await qrDetector();
  document.querySelector("[data-scan]").hidden = !detector;
  document.querySelector("[data-no-scan]").hidden = Boolean(detector);
  if (!detector) return;

  async function read(picture) {
    try {
      const [found] = await detector.detect(await createImageBitmap(picture));
      if (found) return onText(found.rawValue);
    } catch {
      // A file that is no picture shows no code either.
    }
    onFault(word("no_code_seen"));
  }

  document.querySelector("[data-picture]").addEventListener("change", (event) => {
    const [picture] = event.target.files;
    if (picture) read(picture);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => {
    const picture = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"));
    if (picture) read(picture);
  });
}

async function qrDetector() {
  if (!("BarcodeDetector" in globalThis)) return null;
  const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
  return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
}
