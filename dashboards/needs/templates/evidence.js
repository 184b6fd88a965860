"use strict";
document.querySelectorAll("[data-to]").forEach(function (button) {
  button.addEventListener("click", function () {
    var lang = button.dataset.to, root = document.documentElement;
    root.lang = root.dataset.lang = lang;
    document.querySelectorAll("[data-to]").forEach(function (b) { b.setAttribute("aria-pressed", String(b.dataset.to === lang)); });
    document.querySelectorAll("svg[data-en]").forEach(function (s) { s.setAttribute("aria-label", s.dataset[lang]); });
  });
});
