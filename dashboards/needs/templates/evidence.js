"use strict";
(function () {
  var root = document.documentElement, buttons = document.querySelectorAll("[data-to]");
  function speak(lang) {
    root.lang = root.dataset.lang = lang;
    buttons.forEach(function (b) { b.setAttribute("aria-pressed", String(b.dataset.to === lang)); });
    document.querySelectorAll("svg[data-en]").forEach(function (s) { s.setAttribute("aria-label", s.dataset[lang]); });
    document.querySelectorAll("a[href*='.html']").forEach(function (a) { a.setAttribute("href", a.getAttribute("href").replace(/(\.html)(\?lang=en)?/, lang === "en" ? "$1?lang=en" : "$1")); });
  }
  buttons.forEach(function (b) { b.addEventListener("click", function () { speak(b.dataset.to); }); });
  if (/[?&]lang=en\b/.test(location.search)) { speak("en"); }
}());
