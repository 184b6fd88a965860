// What all pages share: settings from the server, words, numbers and ages as the language writes them, the worker of the cache.
"use strict";
const Sinyal = (() => {
  const settings = JSON.parse(document.getElementById("settings").textContent);
  const locale = settings.language === "id" ? "id-ID" : "en-GB";
  const byKey = new Map(settings.legend.map((entry, rank) => [entry.key, { ...entry, rank }]));
  const digits = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const decimal = { format: value => digits.format(value).replace("-", "−") };
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  const AWAY = () => t("The page cannot reach the server; what is shown is the last data.");
  let ahead = 0; // how far the server's clock is ahead of this one, ms

  const t = (message, values = {}) => fill(settings.texts[message], values);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const now = () => Date.now() + ahead;

  function age(when) {
    const seconds = (now() - (typeof when === "number" ? when : Date.parse(when))) / 1000;
    if (seconds < 10) return t("just now");
    for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) // as span in ground/words.py
      if (seconds >= 2 * length) return relative.format(-Math.floor(seconds / length), unit);
    return relative.format(-Math.floor(seconds), "second");
  }

  function label(state, lastKnown) {
    if (state === "silent" && lastKnown) return t("no recent data; last {state}", { state: byKey.get(lastKnown).label.toLowerCase() });
    return byKey.get(state).label;
  }

  // Data come in by textContent and attributes only, never as HTML.
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function drawn(name, attributes = {}, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const symbol = key => drawn("svg", { class: `sym k-${key}`, "aria-hidden": "true" }, drawn("use", { href: `#s-${key}` }));

  function banner(text) {
    const line = document.getElementById("banner");
    line.hidden = !text;
    if (line.textContent !== text) line.textContent = text;
  }

  async function ask(address) {
    const reply = await fetch(address);
    if (!reply.ok) throw new Error(`${address}: ${reply.status}`);
    const date = Date.parse(reply.headers.get("Date"));
    if (date && !reply.headers.has("X-Kept")) ahead = date - Date.now();
    return reply;
  }
  const json = async address => { const reply = await ask(address); return reply.status === 204 ? null : reply.json(); };

  // Takes parts of this page again from the server.
  async function renew(...selectors) {
    const page = new DOMParser().parseFromString(await (await ask(location.href)).text(), "text/html");
    for (const selector of selectors) {
      const [old, made] = [document.querySelector(selector), page.querySelector(selector)];
      if (old && made) old.replaceWith(document.adoptNode(made));
    }
  }

  // Calls again and again while somebody looks, and at once when the page is looked at again.
  function poll(task) {
    let last = Date.now();
    const step = async () => {
      if (document.hidden || Date.now() - last < settings.refresh_s * 1000) return;
      last = Date.now();
      try { banner((await task()) || ""); } catch { banner(AWAY()); }
    };
    setInterval(step, 1000);
    document.addEventListener("visibilitychange", step);
  }

  function showAges() {
    for (const time of document.querySelectorAll("time[data-age]")) time.textContent = age(time.dateTime);
  }
  setInterval(showAges, 15000);

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // The worker keeps this page and its files, as the browser has them already, for when there is no net.
  async function keep() {
    const worker = await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
    const files = [...document.querySelectorAll("script[src], link[rel=stylesheet]")].map(e => e.src || e.href);
    worker.active.postMessage({ keep: [location.href, ...files] });
  }
  if ("serviceWorker" in navigator) addEventListener("load", () => setTimeout(() => keep().catch(() => {}), 1));

  return { settings, byKey, decimal, locale, t, fill, now, age, label, element, drawn, symbol, banner, json, renew, poll, showAges, dark, colour, AWAY };
})();
