// Time-step codes (RFC 6238) in the browser. Nothing here keeps, shows or sends a secret.
const HASHES = { SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" };
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// An otpauth:// link or a bare base32 secret → the account, or null.
export function parse(text) {
  const trimmed = text.trim();
  if (/^otpauth:/i.test(trimmed)) return parseLink(trimmed);
  const secret = plain(trimmed);
  return secret && { secret, issuer: "", account: "", digits: 6, period: 30, hash: HASHES.SHA1 };
}

function parseLink(text) {
  // Browsers disagree about the host of an unknown scheme, so it is read as an https one.
  const link = safely(() => new URL(text.replace(/^otpauth:/i, "https:")));
  const label = link && safely(() => decodeURIComponent(link.pathname.slice(1)));
  if (link?.hostname !== "totp" || label === null) return null;
  const query = link.searchParams;
  const secret = plain(query.get("secret") ?? "");
  const hash = HASHES[(query.get("algorithm") ?? "SHA1").toUpperCase()];
  const digits = Number(query.get("digits") ?? 6);
  const period = Number(query.get("period") ?? 30);
  if (!secret || !hash || ![6, 8].includes(digits) || !(period > 0)) return null;
  const [, before, account] = /^(?:([^:]*):\s*)?(.*)$/.exec(label);
  return { secret, issuer: query.get("issuer") ?? before ?? "", account, digits, period, hash };
}

// Spaces, dashes and small letters are how people copy secrets; shorter than 80 bits is a slip.
function plain(text) {
  const secret = text.replace(/[\s=-]/g, "").toUpperCase();
  return /^[A-Z2-7]{16,}$/.test(secret) ? secret : null;
}

function safely(attempt) {
  try {
    return attempt();
  } catch {
    return null;
  }
}

export async function codeAt(account, milliseconds) {
  const step = Math.floor(milliseconds / 1000 / account.period);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const key = await crypto.subtle.importKey(
    "raw", bytes(account.secret), { name: "HMAC", hash: account.hash ?? HASHES.SHA1 }, false, ["sign"],
  );
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter));
  const at = mac.getUint8(mac.byteLength - 1) & 15;
  const number = (mac.getUint32(at) & 0x7fffffff) % 10 ** account.digits;
  return String(number).padStart(account.digits, "0");
}

function bytes(secret) {
  const bits = [...secret].map((c) => ALPHABET.indexOf(c).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g), (byte) => parseInt(byte, 2));
}
