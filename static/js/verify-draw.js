// Recomputes the proof of a draw in the reader's own browser (docs/draw.md); asks no server.
// The page brings all words: this script only marks its lines as holding, failing or not reached.
"use strict";

(function (root) {
  const node = typeof require === "function" && typeof module === "object";
  const hash = node ? require("./sha256.js") : root.DrawHash;
  const signature = node ? require("./ed25519.js") : root.DrawSignature;

  const FIELDS = [
    "about", "attempt", "commitment", "dates", "entrants", "excluded", "format", "list_sha256",
    "need", "order", "public_value", "receipt_key", "secret", "seed", "sha256",
  ];
  const CHECKS = [
    "canonical", "commitment", "list", "dates", "public_value", "seed", "order", "receipts",
  ];
  const INSTANT = new RegExp(
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" +
      "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z$",
  );
  const GAMES = {
    kl8: [7, [[20, 1, 80, false]]],
    ssq: [7, [[6, 1, 33, false], [1, 1, 16, false]]],
    dlt: [5, [[5, 1, 35, false], [2, 1, 12, false]]],
    fc3d: [7, [[3, 0, 9, true]]],
    pl5: [5, [[5, 0, 9, true]]],
  };

  function must(holds, where) {
    if (!holds) {
      throw new Error(where);
    }
  }

  function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
  }

  // Keys of a proof are ASCII, so the order of UTF-16 units is the order of bytes.
  function canonical(value) {
    if (Array.isArray(value)) {
      return "[" + value.map(canonical).join(",") + "]";
    }
    if (isObject(value)) {
      const names = Object.keys(value).sort();
      return "{" + names.map((n) => JSON.stringify(n) + ":" + canonical(value[n])).join(",") + "}";
    }
    return JSON.stringify(value);
  }

  function sha256Hex(text) {
    return hash.hex(hash.sha256(typeof text === "string" ? hash.utf8(text) : text));
  }

  function fields(value, names, where) {
    must(isObject(value), where);
    must(Object.keys(value).sort().join() === names.slice().sort().join(), where);
    return value;
  }

  function plain(value, where) {
    must(typeof value === "string" && Array.from(value).length <= 500, where);
    must(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u.test(value), where);
    return value;
  }

  function matching(value, pattern, where) {
    must(typeof value === "string" && pattern.test(value), where);
    return value;
  }

  function hex64(value, where) {
    return matching(value, /^[0-9a-f]{64}$/, where);
  }

  function ascending(values) {
    return values.every((value, index) => index === 0 || values[index - 1] < value);
  }

  function equalBytes(a, b) {
    return a.length === b.length && a.every((byte, index) => byte === b[index]);
  }

  function read(bytes) {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const proof = JSON.parse(text);
    must(equalBytes(hash.utf8(canonical(proof)), bytes), "bytes");
    fields(proof, FIELDS, "fields");
    must(proof.format === "zjcs-draw/1", "format");
    const rest = Object.assign({}, proof);
    delete rest.sha256;
    const body = canonical(rest);
    const digest = sha256Hex(body);
    must(proof.sha256 === digest, "sha256");
    must(text === body.slice(0, -1) + ',"sha256":"' + digest + '"}', "last field");
    matching(proof.need, /^[0-9A-Za-z][0-9A-Za-z._-]{0,63}(#tie-[1-9][0-9]{0,5})?$/, "need");
    must(Number.isInteger(proof.attempt), "attempt");
    must(proof.attempt >= 1 && proof.attempt <= 999999, "attempt");
    plain(proof.about, "about");
    hex64(proof.receipt_key, "receipt_key");
    return proof;
  }

  function frozenList(proof) {
    must(Array.isArray(proof.entrants) && proof.entrants.length > 0, "entrants");
    const lines = proof.entrants.map(function (row) {
      fields(row, ["code", "contribution", "name", "receipt"], "entrants");
      fields(row.receipt, ["at", "signature"], "receipt");
      plain(row.name, "name");
      matching(row.receipt.signature, /^[0-9a-f]{128}$/, "signature");
      matching(row.code, /^[0-9A-Z]{18}$/, "code");
      return row.code + "\t" + hex64(row.contribution, "contribution") + "\n";
    });
    must(ascending(proof.entrants.map((row) => row.code)), "order of the list");
    must(Array.isArray(proof.excluded), "excluded");
    const out = proof.excluded.map(function (row) {
      fields(row, ["code", "name", "reason"], "excluded");
      plain(row.name, "name");
      plain(row.reason, "reason");
      return plain(row.code, "code");
    });
    const codes = new Set(proof.entrants.map((row) => row.code));
    must(ascending(out) && !out.some((code) => codes.has(code)), "excluded");
    must(proof.list_sha256 === sha256Hex(lines.join("")), "list_sha256");
  }

  function checkDates(proof) {
    const dates = fields(proof.dates, ["closed", "drawn", "published", "value"], "dates");
    Object.keys(dates).forEach((name) => matching(dates[name], INSTANT, name));
    must(dates.published < dates.closed, "published");
    must(dates.closed <= dates.value && dates.value <= dates.drawn, "drawn");
    proof.entrants.forEach(function (row) {
      const at = matching(row.receipt.at, INSTANT, "at");
      must(dates.published <= at && at < dates.closed, row.code);
    });
  }

  function lotteryValue(value) {
    fields(value, ["game", "issue", "kind", "numbers", "source", "value"], "lottery");
    plain(value.source, "source");
    must(Object.prototype.hasOwnProperty.call(GAMES, plain(value.game, "game")), "game");
    const [digits, drums] = GAMES[value.game];
    matching(value.issue, new RegExp("^[0-9]{" + digits + "}$"), "issue");
    must(Array.isArray(value.numbers) && value.numbers.length === drums.length, "numbers");
    const groups = value.numbers.map(function (row, index) {
      const [count, low, high, ordered] = drums[index];
      must(Array.isArray(row) && row.length === count, "count");
      must(row.every((n) => Number.isInteger(n) && n >= low && n <= high), "range");
      must(ordered || new Set(row).size === count, "repeated");
      const listed = ordered ? row : row.slice().sort((a, b) => a - b);
      return listed.map((n) => String(n).padStart(String(high).length, "0")).join(",");
    });
    return "lottery:" + value.game + ":" + value.issue + ":" + groups.join("+");
  }

  function ceremonyValue(value, need, attempt) {
    fields(value, ["kind", "numbers", "value"], "ceremony");
    must(Array.isArray(value.numbers), "numbers");
    const people = value.numbers.map(function (row) {
      fields(row, ["by", "commitment", "how", "number"], "numbers");
      matching(row.by, /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/, "by");
      matching(row.number, /^[0-9]{24,78}$/, "number");
      must(row.how === "revealed" || row.how === "opened", "how");
      const lines = [need, attempt, row.by, row.number].join("\n") + "\n";
      must(row.commitment === sha256Hex("zjcs-number/1\n" + lines), row.by);
      return row.by;
    });
    must(ascending(people) && people.some((name) => name !== "bureau"), "participants");
    const lines = value.numbers.map((row) => row.by + "\t" + row.number + "\n").join("");
    return "ceremony:" + sha256Hex("zjcs-ceremony/1\n" + lines);
  }

  function publicValue(proof) {
    const value = proof.public_value;
    must(isObject(value), "public_value");
    let made = "";
    if (value.kind === "lottery") {
      made = lotteryValue(value);
    } else if (value.kind === "ceremony") {
      made = ceremonyValue(value, proof.need.split("#")[0], proof.attempt);
    } else {
      must(value.kind === "none", "kind");
      fields(value, ["kind", "reason", "value"], "none");
      plain(value.reason, "reason");
    }
    must(value.value === made, "value");
  }

  function checkSeed(proof) {
    const lines = [
      proof.need, proof.attempt, proof.list_sha256, proof.secret, proof.public_value.value,
    ];
    must(proof.seed === sha256Hex("zjcs-seed/1\n" + lines.join("\n") + "\n"), "seed");
  }

  function blockStream(seed) {
    const key = hash.utf8(seed);
    const index = new DataView(new ArrayBuffer(8));
    let block = 0n;
    return function () {
      index.setBigUint64(0, block);
      block += 1n;
      return BigInt("0x" + hash.hex(hash.hmacSha256(key, new Uint8Array(index.buffer))));
    };
  }

  // A block at or over the last multiple of the bound would favour the small numbers.
  function nextBelow(next, bound) {
    const range = 1n << 256n;
    const limit = range - (range % BigInt(bound));
    let number = next();
    while (number >= limit) {
      number = next();
    }
    return Number(number % BigInt(bound));
  }

  function shuffled(codes, seed) {
    const order = codes.slice();
    const next = blockStream(seed);
    for (let last = order.length - 1; last > 0; last -= 1) {
      const other = nextBelow(next, last + 1);
      [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
  }

  function checkOrder(proof) {
    const made = shuffled(proof.entrants.map((row) => row.code), proof.seed);
    must(canonical(made) === canonical(proof.order), "order");
  }

  function checkReceipts(proof) {
    const key = hash.unhex(proof.receipt_key);
    const need = proof.need.split("#")[0];
    proof.entrants.forEach(function (row) {
      const lines = [need, proof.attempt, row.code, row.contribution, row.receipt.at];
      const message = hash.utf8("zjcs-receipt/1\n" + lines.join("\n") + "\n");
      must(signature.verify(key, message, hash.unhex(row.receipt.signature)), row.code);
    });
  }

  function checkCommitment(proof) {
    hex64(proof.secret, "secret");
    must(proof.commitment === sha256Hex("zjcs-commit/1\n" + proof.secret), "commitment");
  }

  const STEPS = {
    commitment: checkCommitment,
    list: frozenList,
    dates: checkDates,
    public_value: publicValue,
    seed: checkSeed,
    order: checkOrder,
    receipts: checkReceipts,
  };

  // Returns {ok, results: {check: true | false}, where, proof}; checks after a failure are absent.
  function verify(bytes) {
    const results = {};
    let proof = null;
    for (const check of CHECKS) {
      try {
        if (check === "canonical") {
          proof = read(bytes);
        } else {
          STEPS[check](proof);
        }
        results[check] = true;
      } catch (error) {
        results[check] = false;
        return { ok: false, results, where: error.message, proof: null };
      }
    }
    return { ok: true, results, where: "", proof };
  }

  function fill(panel, name, text) {
    panel.querySelectorAll('[data-draw-field="' + name + '"]').forEach(function (place) {
      place.textContent = text;
    });
  }

  function show(panel, outcome) {
    panel.querySelectorAll("[data-check]").forEach(function (line) {
      const result = outcome.results[line.dataset.check];
      const state = result === undefined ? "skipped" : result ? "ok" : "failed";
      line.dataset.state = state;
      const word = line.querySelector("[data-word]");
      word.textContent = panel.dataset["word" + state[0].toUpperCase() + state.slice(1)];
    });
    fill(panel, "verdict", outcome.ok ? panel.dataset.verdictOk : panel.dataset.verdictFailed);
    fill(panel, "first", outcome.ok ? outcome.proof.order[0] : "");
    fill(panel, "need", outcome.ok ? outcome.proof.need : "");
    panel.dataset.state = outcome.ok ? "ok" : "failed";
    panel.querySelector("[data-draw-result]").hidden = false;
  }

  function wire(panel) {
    const picker = panel.querySelector('input[type="file"]');
    const embedded = panel.querySelector("[data-proof]");
    const button = panel.querySelector("[data-verify]");
    if (picker) {
      picker.disabled = false;
      picker.addEventListener("change", function () {
        if (picker.files.length === 1) {
          picker.files[0].arrayBuffer().then((data) => show(panel, verify(new Uint8Array(data))));
        }
      });
    }
    if (button && embedded) {
      button.hidden = false;
      button.addEventListener("click", function () {
        show(panel, verify(hash.utf8(embedded.textContent)));
      });
    }
  }

  const api = { verify, blockStream, nextBelow, shuffled, lotteryValue, ceremonyValue };
  if (node) {
    module.exports = api;
  } else {
    root.DrawProof = api;
    document.querySelectorAll("[data-verify-draw]").forEach(wire);
  }
})(typeof self === "undefined" ? globalThis : self);
