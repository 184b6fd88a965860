// What a village writes without a net is kept on the phone and sent when there is one. Each has its own number, so it counts once.
"use strict";
const KEY = "sinyal-kept:" + location.pathname, note = document.getElementById("kept");
const kept = () => JSON.parse(localStorage.getItem(KEY) || "[]");
const keep = list => localStorage.setItem(KEY, JSON.stringify(list));

function say(text) {
  note.textContent = text;
  note.hidden = !text;
}

async function post(body) {
  const headers = { "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded" };
  return fetch(location.pathname, { method: "POST", headers, body });
}

let busy = false;
async function send() {
  if (busy) return;
  busy = true;
  let reply, sent = 0;
  try {
    for (let list = kept(); list.length; list = kept()) {
      reply = await post(list[0]).catch(() => null);
      if (!reply || reply.status === 429 || reply.status >= 500) break; // no net, or not now: it stays
      keep(kept().slice(1));
      if (!reply.ok) break;
      sent++;
    }
  } finally {
    busy = false;
  }
  if (reply && !reply.ok && reply.status === 422) say(note.dataset.refused);
  else if (kept().length) say(note.dataset.kept.replace("{n}", kept().length));
  else if (sent) {
    say(note.dataset.done);
    location.replace(location.pathname);
  }
}

document.querySelector("form.say")?.addEventListener("submit", event => {
  event.preventDefault();
  const form = event.target;
  keep([...kept(), new URLSearchParams(new FormData(form)).toString()]);
  form.elements.once.value = [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");
  form.elements.text.value = "";
  send();
});
addEventListener("online", send);
setInterval(() => { if (kept().length) send(); }, 30000);
if (kept().length) send();
