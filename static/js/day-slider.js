// A slider over the days of a rating. Without this file the date field and the links do the same.
(function () {
  "use strict";

  var form = document.querySelector("[data-day-picker]");
  var frame = form && form.querySelector("[data-day-slider]");
  if (!frame) {
    return;
  }
  var slider = frame.querySelector("input");
  var field = form.querySelector("input[type=date]");
  var first = Date.parse(slider.getAttribute("data-first") + "T00:00:00Z");

  slider.addEventListener("input", function () {
    var day = new Date(first + Number(slider.value) * 86400000);
    field.value = day.toISOString().slice(0, 10);
    slider.setAttribute("aria-valuetext", field.value);
  });
  slider.addEventListener("change", function () {
    form.submit();
  });
  frame.hidden = false;
})();
