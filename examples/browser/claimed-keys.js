// claimed-keys.js - sees to it that a key seals in one worker only, once and for all.
//
// Two workers that count under one key say the same nonces, and with them give the
// key's secrets away: two tabs, or a page before and after a reload. So a key is
// claimed before it seals, by a hash of it, in the origin's IndexedDB, which lets in
// one claim for all workers, tabs and times. Who is given an old key is refused.

import { concat, toText, utf8 } from './bytes.js';

const DATABASE = 'fastframe';
const STORE = 'claimed keys';

const outcome = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function open() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return outcome(request);
}

/** Claim a key, or throw: it is claimed already, or claims cannot be kept here. */
export async function claim(key) {
  const hash = await crypto.subtle.digest('SHA-256', concat(utf8('fastframe claim'), key));
  const database = await open();
  try {
    const transaction = database.transaction(STORE, 'readwrite', { durability: 'strict' });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    // add(), unlike put(), fails where there is one.
    transaction.objectStore(STORE).add(Date.now(), toText(new Uint8Array(hash)));
    await done;
  } finally {
    database.close();
  }
}
