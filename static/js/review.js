// Keys for the checklist of a review. The page works without this file.
(function () {
  "use strict";

  var desk = document.querySelector("[data-review]");
  if (!desk) {
    return;
  }
  var form = desk.querySelector("form");
  var points = Array.prototype.slice.call(desk.querySelectorAll("[data-point]"));
  var here = -1;

  function stand(number) {
    here = Math.max(0, Math.min(points.length - 1, number));
    points.forEach(function (point, index) {
      point.classList.toggle("review__point--here", index === here);
    });
    points[here].focus();
    points[here].scrollIntoView({ block: "nearest" });
  }

  function choose(value) {
    var radio = points[here].querySelector("input[type=radio][value=" + value + "]");
    radio.checked = true;
    return radio;
  }

  function goOn() {
    if (here < points.length - 1) {
      stand(here + 1);
    } else {
      form.querySelector("input[name=outcome]").focus();
    }
  }

  function look() {
    var link = points[here].querySelector("[data-part]");
    var part = document.getElementById(link.getAttribute("href").slice(1));
    if (document.activeElement === part) {
      stand(here);
    } else {
      part.focus();
      part.scrollIntoView({ block: "start" });
    }
  }

  function writes(element) {
    return element.matches("textarea, input:not([type=radio]):not([type=checkbox]), select");
  }

  var KEYS = {
    j: function () { stand(here + 1); },
    k: function () { stand(here - 1); },
    1: function () { choose("pass"); goOn(); },
    2: function () { choose("mend"); points[here].querySelector("input[type=text]").focus(); },
    m: look,
    p: function () { form.querySelector("button[name=preview]").click(); }
  };

  document.addEventListener("keydown", function (event) {
    var key = event.key.toLowerCase();
    if (event.ctrlKey && key === "enter") {
      event.preventDefault();
      form.querySelector("button[type=submit]:not([name])").click();
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (key === "escape" && writes(event.target)) {
      stand(Math.max(0, here));
      return;
    }
    if (writes(event.target) || !Object.prototype.hasOwnProperty.call(KEYS, key)) {
      return;
    }
    event.preventDefault();
    if (here < 0 && key !== "j") {
      here = 0;
    }
    KEYS[key]();
  });

  points.forEach(function (point, index) {
    point.addEventListener("focusin", function () { here = index; });
  });

  var notice = document.getElementById("notice");
  if (notice) {
    notice.focus();
  }
})();
