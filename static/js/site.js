// Conveniences only: every page and every flow works without this file.
(function () {
  "use strict";

  var root = document.documentElement;
  var KEY = "text-size";

  function stored() {
    try {
      return window.localStorage.getItem(KEY);
    } catch (refused) {
      return null;
    }
  }

  function store(size) {
    try {
      window.localStorage.setItem(KEY, size);
    } catch (refused) {
      return;
    }
  }

  function applySize(size) {
    if (size === "large") {
      root.setAttribute("data-text", "large");
    } else {
      root.removeAttribute("data-text");
    }
    document.querySelectorAll("[data-text-size]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(size === "large"));
    });
  }

  function textSize() {
    document.querySelectorAll("[data-text-size]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        var size = root.getAttribute("data-text") === "large" ? "normal" : "large";
        store(size);
        applySize(size);
      });
    });
    applySize(stored());
  }

  // The server refuses a repeated form by its key; this only spares people the second answer.
  function sendOnce() {
    document.addEventListener("submit", function (event) {
      var form = event.target;
      if (form.method !== "post") {
        return;
      }
      if (form.hasAttribute("data-sent")) {
        event.preventDefault();
        return;
      }
      form.setAttribute("data-sent", "");
    });
    window.addEventListener("pageshow", function () {
      document.querySelectorAll("form[data-sent]").forEach(function (form) {
        form.removeAttribute("data-sent");
      });
    });
  }

  // An answer fetched anew brings buttons of its own: they are shown as they come, and clicks are
  // heard above them.
  function showButtons(part) {
    var kinds = navigator.clipboard ? "[data-copy], [data-print]" : "[data-print]";
    part.querySelectorAll(kinds).forEach(function (button) {
      button.hidden = false;
    });
  }

  function copyAndPrint() {
    showButtons(document);
    document.addEventListener("htmx:load", function (event) {
      showButtons(event.target);
    });
    document.addEventListener("click", function (event) {
      var copy = event.target.closest("[data-copy]");
      if (copy) {
        navigator.clipboard.writeText(copy.getAttribute("data-copy")).then(function () {
          copy.textContent = copy.getAttribute("data-copied");
        });
      } else if (event.target.closest("[data-print]")) {
        window.print();
      }
    });
  }

  function focusErrors() {
    var summary = document.querySelector(".error-summary:not(.specimen *)");
    if (summary) {
      summary.focus();
    }
  }

  textSize();
  sendOnce();
  copyAndPrint();
  focusErrors();
})();
