// What a village writes without a net is kept on the phone, with its photo, and sent when there is one. Each has its own number, so it
// counts once however often it is sent.
"use strict";
const note = document.getElementById("kept"), FORM = document.querySelector("form.say"), STORE = "said";

const opened = new Promise((done, failed) => {
  const asked = indexedDB.open("sinyal" + location.pathname, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "once" });
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => failed(asked.error);
});
opened.catch(() => {});

async function act(mode, work) { // one transaction; done when it is on the phone
  const store = (await opened).transaction(STORE, mode, { durability: "strict" }), asked = work(store.objectStore(STORE));
  return new Promise((done, failed) => {
    store.oncomplete = () => done(asked.result);
    store.onerror = store.onabort = () => failed(store.error);
  });
}
const kept = async () => (await act("readonly", store => store.getAll())).sort((a, b) => a.at - b.at);

function say(text) {
  note.textContent = text;
  note.hidden = !text;
}

function post(said) {
  const body = new FormData();
  for (const [name, value] of said.fields) body.append(name, value);
  if (said.photo) body.append("photo", new Blob([said.photo], { type: "image/jpeg" }), "photo.jpg");
  return fetch(location.pathname, { method: "POST", headers: { Accept: "application/json" }, body });
}

let busy = false;
async function send() {
  if (busy) return;
  busy = true;
  let refused = false, sent = 0, left = 0;
  try {
    const waiting = await kept();
    left = waiting.length;
    for (const said of waiting) {
      const reply = await post(said).catch(() => null);
      if (!reply || reply.status === 429 || reply.status === 404 || reply.status >= 500) break; // no net, or not now: it stays
      await act("readwrite", store => store.delete(said.once));
      left--;
      if (reply.ok) sent++;
      else refused = true;
    }
  } finally {
    busy = false;
  }
  if (refused) say(note.dataset.refused);
  else if (left) say(note.dataset.kept.replace("{n}", left));
  else if (sent) {
    say(note.dataset.done);
    location.replace(location.pathname);
  }
}

const drawn = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");

if (FORM) FORM.elements.once.value = drawn(); // a page that was kept comes with the same number each time it is opened
FORM?.addEventListener("change", () => { // what the office would refuse stays in the form: a phone keeps only what can be taken
  const says = FORM.elements.says.value;
  for (const [name, needing] of [["hamlet", "not_so_at"], ["text", "other"]]) FORM.elements[name].required = says === needing;
});
FORM?.addEventListener("submit", async event => {
  if (event.defaultPrevented) return; // its photo is still being made small
  event.preventDefault();
  const data = new FormData(FORM), photo = data.get("photo");
  data.delete("photo");
  const said = { once: data.get("once"), at: Date.now(), fields: [...data], photo: photo?.size ? await photo.arrayBuffer() : null };
  try {
    await act("readwrite", store => store.put(said));
  } catch { // a private window, or a phone that is full: what was written stays in the form
    const reply = await post(said).catch(() => null);
    if (!reply?.ok) return say(reply?.status === 422 ? note.dataset.refused : note.dataset.full);
    return location.replace(location.pathname);
  }
  FORM.reset();
  place(null);
  FORM.elements.once.value = drawn();
  send();
});

const PLACE = FORM?.querySelector(".place-field");
function place(found) {
  for (const name of ["lat", "lon"]) FORM.elements[name].value = found ? found[name].toFixed(5) : "";
  FORM.elements.accuracy_m.value = found ? Math.max(1, Math.round(found.accuracy)) : "";
  const texts = found && { lat: FORM.elements.lat.value, lon: FORM.elements.lon.value, m: FORM.elements.accuracy_m.value };
  PLACE.querySelector(".note").textContent = found ? PLACE.dataset.here.replace(/\{(\w+)\}/g, (_, name) => texts[name]) : "";
  PLACE.querySelector(".no-place").hidden = !found;
}
if (PLACE && navigator.geolocation) {
  PLACE.hidden = false;
  PLACE.querySelector(".place").addEventListener("click", () => navigator.geolocation.getCurrentPosition(
    ({ coords }) => place({ lat: coords.latitude, lon: coords.longitude, accuracy: coords.accuracy }),
    () => { place(null); PLACE.querySelector(".note").textContent = PLACE.dataset.none; },
    { enableHighAccuracy: true, timeout: 60000, maximumAge: 60000 }));
  PLACE.querySelector(".no-place").addEventListener("click", () => place(null));
}

addEventListener("online", send);
const again = async () => { if ((await kept()).length) send(); };
setInterval(() => again().catch(() => {}), 30000);
again().catch(() => {});
