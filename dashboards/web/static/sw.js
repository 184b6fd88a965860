// Keeps pages and files, so that the page opens without a net, and at once on a slow one; what changed comes by its script.
"use strict";
const CACHE = "sinyal-@VERSION@";
const YOUNG_MS = 3600e3; // a page that was kept later than that is not asked for again in the background
const PAGES = /^\/(?:$|site\/|kecamatan\/|alerts$|api$|report$)/, DATA = /^\/api\/v1\/sites\/[^/]+\/series$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await clients.claim();
})()));

self.addEventListener("message", event => event.waitUntil((async () => {
  const cache = await caches.open(CACHE);
  for (const address of event.data.keep || []) {
    if (await cache.match(address)) continue;
    const reply = await fetch(address, { cache: "force-cache" }).catch(() => null); // the browser has it: no bytes
    if (reply?.ok) await put(cache, address, reply);
  }
})()));

async function put(cache, request, reply) { // with the time, and a mark that it was kept
  const headers = new Headers(reply.headers);
  headers.set("X-Kept", String(Date.now()));
  headers.delete("Set-Cookie");
  await cache.put(request, new Response(await reply.blob(), { status: reply.status, headers }));
}

async function fresh(cache, request) {
  const reply = await fetch(request);
  if (reply.ok && !reply.redirected) await put(cache, request, reply.clone());
  return reply;
}

async function page(request, event) {
  const cache = await caches.open(CACHE), url = new URL(request.url);
  if (url.searchParams.has("lang")) { // another language: what was kept is in the one before
    const reply = await fetch(request);
    for (const kept of await cache.keys()) if (PAGES.test(new URL(kept.url).pathname)) await cache.delete(kept);
    return reply;
  }
  const kept = await cache.match(request);
  if (!kept) return fresh(cache, request).catch(async error => (await cache.match(request, { ignoreSearch: true })) || Promise.reject(error));
  if (Date.now() - Number(kept.headers.get("X-Kept")) > YOUNG_MS) event.waitUntil(fresh(cache, request.url).catch(() => {}));
  return kept;
}

self.addEventListener("fetch", event => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) {
    event.respondWith(caches.open(CACHE).then(async cache => (await cache.match(request)) || fresh(cache, request)));
  } else if (request.mode === "navigate" && url.pathname.startsWith("/r/")) { // what is said changes it: the net first
    event.respondWith(caches.open(CACHE).then(cache => fresh(cache, request).catch(async error => (await cache.match(request, { ignoreSearch: true })) || Promise.reject(error))));
  } else if (request.mode === "navigate" && PAGES.test(url.pathname)) {
    event.respondWith(page(request, event));
  } else if (PAGES.test(url.pathname) || DATA.test(url.pathname)) { // asked by a script: the net, else what was kept
    event.respondWith(caches.open(CACHE).then(cache => fresh(cache, request).catch(async error => (await cache.match(request)) || Promise.reject(error))));
  }
});
