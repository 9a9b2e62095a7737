// Draws each [data-chart] from the rows of the table it holds. Without ECharts the table stands.
(function () {
  "use strict";

  var root = window.getComputedStyle(document.documentElement);
  function token(name) {
    return root.getPropertyValue("--" + name).trim();
  }

  var number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 });

  function points(figure) {
    var dated = false;
    var rows = Array.from(figure.querySelectorAll("tr[data-x][data-y]")).map(function (row) {
      var x = row.dataset.x;
      dated = dated || /^\d{4}-\d\d-\d\d/.test(x);
      return {
        x: dated ? x : Number(x),
        low: Number(row.dataset.y),
        high: row.dataset.y2 === undefined ? null : Number(row.dataset.y2),
        name: row.dataset.name || "",
      };
    });
    var last = rows[rows.length - 1];
    if (last && figure.dataset.xEnd && String(last.x) < figure.dataset.xEnd) {
      rows.push({ x: figure.dataset.xEnd, low: last.low, high: last.high, name: "" });
    }
    return { rows: rows, dated: dated };
  }

  function axis(figure, dated) {
    var line = { lineStyle: { color: token("line") } };
    var words = { color: token("muted"), hideOverlap: true };
    return {
      x: {
        type: dated ? "time" : "value",
        name: figure.dataset.xLabel,
        nameLocation: "middle",
        nameGap: 30,
        nameTextStyle: { color: token("muted") },
        axisLine: line,
        axisLabel: words,
        splitLine: { show: false },
      },
      y: {
        type: "value",
        name: figure.dataset.yLabel,
        nameTextStyle: { color: token("muted"), align: "left" },
        min: figure.dataset.yMin === undefined ? 0 : Number(figure.dataset.yMin),
        max: figure.dataset.yMax === undefined ? null : Number(figure.dataset.yMax),
        axisLabel: words,
        splitLine: { lineStyle: { color: token("rule") } },
      },
    };
  }

  function series(figure, data) {
    var kind = figure.dataset.chart;
    var line = {
      type: "line",
      showSymbol: data.rows.length < 30,
      symbolSize: 6,
      step: kind === "step" ? "end" : false,
      lineStyle: { color: token("primary"), width: 2 },
      itemStyle: { color: token("primary") },
      animation: false,
      data: data.rows.map(function (row) {
        return { value: [row.x, row.low], name: row.name };
      }),
    };
    if (kind === "step") {
      line.label = {
        show: true,
        color: token("ink"),
        formatter: function (each) { return each.name; },
      };
      line.labelLayout = { hideOverlap: true };
    }
    var all = [line];
    if (kind === "band" && data.rows.some(function (row) { return row.high > row.low; })) {
      line.endLabel = { show: true, color: token("ink"), formatter: figure.dataset.lowLabel || "" };
      all.push(Object.assign({}, line, {
        endLabel: { show: true, color: token("ink"), formatter: figure.dataset.highLabel || "" },
        data: data.rows.map(function (row) { return { value: [row.x, row.high], name: row.name }; }),
      }));
    }
    if (figure.dataset.mark !== undefined) {
      line.markLine = {
        silent: true,
        symbol: "none",
        animation: false,
        lineStyle: { color: token("ink"), type: "dashed" },
        label: { formatter: figure.dataset.markLabel || "", color: token("ink") },
        data: [{ xAxis: Number(figure.dataset.mark) }],
      };
    }
    return all;
  }

  // A table its reader opened stays open when the answer around it is fetched anew.
  var opened = {};
  document.addEventListener("click", function (event) {
    var table = event.target.closest(".chart__table > summary") && event.target.closest(".chart__table");
    if (table) {
      opened[table.closest("[data-chart]").id] = !table.open;
    }
  });

  function draw(figure) {
    var place = figure.querySelector(".chart__drawing");
    var data = points(figure);
    if (!place || data.rows.length < 2 || place.dataset.drawn) {
      return;
    }
    place.dataset.drawn = "yes";
    place.hidden = false;
    var axes = axis(figure, data.dated);
    var chart = window.echarts.init(place, null, { renderer: "svg" });
    chart.setOption({
      aria: { enabled: false },
      textStyle: { fontFamily: token("sans") },
      grid: { left: 8, right: 72, top: 36, bottom: 40, containLabel: true },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        valueFormatter: function (value) { return number.format(value); },
      },
      xAxis: axes.x,
      yAxis: axes.y,
      series: series(figure, data),
    });
    new ResizeObserver(function () { chart.resize(); }).observe(place);
    figure.querySelector(".chart__table").open = opened[figure.id] === true;
  }

  function drawAll(within) {
    if (window.echarts) {
      within.querySelectorAll("[data-chart]").forEach(draw);
    }
  }

  drawAll(document);
  document.addEventListener("htmx:load", function (event) {
    if (event.target !== document.body) {
      drawAll(event.target.parentElement || document);
    }
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll(".chart__table").forEach(function (table) { table.open = true; });
  });
})();
