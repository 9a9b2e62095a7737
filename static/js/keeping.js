// An application that keeps itself. The page works without this file: then its button keeps it.
(function () {
  "use strict";

  var line = document.querySelector("[data-keeping]");
  if (!line) {
    return;
  }
  var form = line.closest("form");
  var fields = Array.prototype.slice.call(form.querySelectorAll("[data-keeps]"));
  var KEY = "keeping:" + line.getAttribute("data-keeping");
  // what the server last answered of each field; the same is not asked again, because leaving
  // a field for a button on the line would take that button away while it is pressed
  var answered = {};

  function says(name) {
    line.textContent = line.getAttribute("data-" + name);
  }

  function field(name) {
    return form.querySelector("[data-keeps='" + name + "']");
  }

  function valueOf(one) {
    return one.type === "checkbox" ? one.checked : one.value;
  }

  function put(one, value) {
    if (one.type === "checkbox") {
      one.checked = Boolean(value);
    } else {
      one.value = value;
    }
  }

  function know(version) {
    form.querySelector("[name=version]").value = version;
  }

  function keep(one) {
    one.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // what could not be sent stays with this window of the browser, never with another
  function lay() {
    var found = {};
    fields.forEach(function (one) {
      found[one.name] = valueOf(one);
    });
    try {
      window.sessionStorage.setItem(KEY, JSON.stringify(found));
    } catch (refused) {
      return;
    }
  }

  function take() {
    var found = null;
    try {
      found = JSON.parse(window.sessionStorage.getItem(KEY));
      window.sessionStorage.removeItem(KEY);
    } catch (refused) {
      return false;
    }
    if (!found) {
      return false;
    }
    var changed = fields.filter(function (one) {
      return one.name in found && valueOf(one) !== found[one.name];
    });
    changed.forEach(function (one) {
      put(one, found[one.name]);
    });
    changed.forEach(keep);
    return changed.length > 0;
  }

  function over() {
    lay();
    if (line.querySelector("[data-over-door]")) {
      return;
    }
    says("over");
    var door = document.createElement("a");
    door.setAttribute("data-over-door", "");
    door.addEventListener("click", lay);
    door.href = line.getAttribute("data-door");
    door.textContent = line.getAttribute("data-sign-in");
    line.append(" ", door);
  }

  form.addEventListener("htmx:beforeRequest", function (event) {
    var one = event.detail.elt;
    var value = valueOf(one);
    if (one.name in answered && answered[one.name] === value) {
      event.preventDefault();
    }
    event.detail.requestConfig.kept = value;
  });
  form.addEventListener("htmx:beforeSwap", function (event) {
    var status = event.detail.xhr.status;
    var one = event.detail.requestConfig.elt;
    if (status === 200 || status === 409) {
      answered[one.name] = event.detail.requestConfig.kept;
    }
    if (status === 409) {
      // both values are shown
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    } else if (status === 401 || status === 400) {
      // 400: somebody signed in anew in another window, and this page is of before
      event.detail.isError = false;
      over();
    }
  });
  form.addEventListener("htmx:responseError", function () {
    says("away");
  });
  form.addEventListener("htmx:sendError", function () {
    says("away");
  });

  line.addEventListener("click", function (event) {
    var button = event.target.closest("[data-version]");
    if (!button) {
      return;
    }
    know(button.getAttribute("data-version"));
    var theirs = button.getAttribute("data-keep-theirs");
    var one = field(theirs || button.getAttribute("data-keep-mine"));
    delete answered[one.name];
    if (theirs) {
      put(one, button.getAttribute("data-value"));
    }
    one.focus();
    keep(one);
  });

  function begin() {
    says("before");
    if (take()) {
      says("restored");
    }
  }

  // fields send themselves only once htmx has looked at them
  if (document.readyState === "complete") {
    begin();
  } else {
    window.addEventListener("load", begin);
  }
})();
