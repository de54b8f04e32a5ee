// The app's accounts, in this browser's storage for this origin and nowhere else.
const NAME = "vestibule-simulator-app";

export function accounts() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? [];
  } catch {
    return [];
  }
}

// False when the same secret is there already.
export function keep(account) {
  const kept = accounts();
  if (kept.some((one) => one.secret === account.secret)) return false;
  localStorage.setItem(NAME, JSON.stringify([...kept, account]));
  return true;
}

export function forget(secret) {
  const rest = accounts().filter((one) => one.secret !== secret);
  localStorage.setItem(NAME, JSON.stringify(rest));
}
