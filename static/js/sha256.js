// SHA-256, SHA-512 and HMAC-SHA-256 in plain script: WebCrypto is absent on plain http.
// All functions take and return Uint8Array; tested against docs/draw-vectors.json.
"use strict";

(function (root) {
  const K256 = new Uint32Array(64);
  const H256 = new Uint32Array(8);
  const K512 = new Array(80);
  const H512 = new Array(8);
  const MASK64 = (1n << 64n) - 1n;

  // FIPS 180-4: the constants are fractional parts of cube and square roots of the first primes.
  function integerRoot(value, degree) {
    let low = 0n;
    let high = 1n << 70n;
    while (low < high) {
      const middle = (low + high + 1n) >> 1n;
      if (middle ** degree <= value) {
        low = middle;
      } else {
        high = middle - 1n;
      }
    }
    return low;
  }

  function firstPrimes(count) {
    const primes = [];
    for (let n = 2; primes.length < count; n += 1) {
      if (primes.every((prime) => n % prime !== 0)) {
        primes.push(n);
      }
    }
    return primes;
  }

  firstPrimes(80).forEach(function (prime, index) {
    const cube = integerRoot(BigInt(prime) << 192n, 3n) & MASK64;
    K512[index] = cube;
    if (index < 64) {
      K256[index] = Number(cube >> 32n);
    }
    if (index < 8) {
      const square = integerRoot(BigInt(prime) << 128n, 2n) & MASK64;
      H512[index] = square;
      H256[index] = Number(square >> 32n);
    }
  });

  function padded(bytes, block, lengthBytes) {
    const total = Math.ceil((bytes.length + 1 + lengthBytes) / block) * block;
    const message = new Uint8Array(total);
    message.set(bytes);
    message[bytes.length] = 0x80;
    const view = new DataView(message.buffer);
    view.setUint32(total - 8, Math.floor(bytes.length / 0x20000000));
    view.setUint32(total - 4, (bytes.length << 3) >>> 0);
    return message;
  }

  function rotate(word, by) {
    return (word >>> by) | (word << (32 - by));
  }

  function sha256(bytes) {
    const message = padded(bytes, 64, 8);
    const view = new DataView(message.buffer);
    const state = Uint32Array.from(H256);
    const w = new Uint32Array(64);
    for (let offset = 0; offset < message.length; offset += 64) {
      for (let t = 0; t < 16; t += 1) {
        w[t] = view.getUint32(offset + 4 * t);
      }
      for (let t = 16; t < 64; t += 1) {
        const s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >>> 3);
        const s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >>> 10);
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let t = 0; t < 64; t += 1) {
        const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        const one = (h + big1 + ((e & f) ^ (~e & g)) + K256[t] + w[t]) >>> 0;
        const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        const two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) >>> 0;
        h = g;
        g = f;
        f = e;
        e = (d + one) >>> 0;
        d = c;
        c = b;
        b = a;
        a = (one + two) >>> 0;
      }
      [a, b, c, d, e, f, g, h].forEach(function (word, index) {
        state[index] += word;
      });
    }
    const digest = new DataView(new ArrayBuffer(32));
    state.forEach((word, index) => digest.setUint32(4 * index, word));
    return new Uint8Array(digest.buffer);
  }

  function rotate64(word, by) {
    return ((word >> by) | (word << (64n - by))) & MASK64;
  }

  function sha512(bytes) {
    const message = padded(bytes, 128, 16);
    const view = new DataView(message.buffer);
    const state = H512.slice();
    const w = new Array(80);
    for (let offset = 0; offset < message.length; offset += 128) {
      for (let t = 0; t < 16; t += 1) {
        w[t] = view.getBigUint64(offset + 8 * t);
      }
      for (let t = 16; t < 80; t += 1) {
        const s0 = rotate64(w[t - 15], 1n) ^ rotate64(w[t - 15], 8n) ^ (w[t - 15] >> 7n);
        const s1 = rotate64(w[t - 2], 19n) ^ rotate64(w[t - 2], 61n) ^ (w[t - 2] >> 6n);
        w[t] = (w[t - 16] + s0 + w[t - 7] + s1) & MASK64;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let t = 0; t < 80; t += 1) {
        const big1 = rotate64(e, 14n) ^ rotate64(e, 18n) ^ rotate64(e, 41n);
        const one = (h + big1 + ((e & f) ^ (~e & MASK64 & g)) + K512[t] + w[t]) & MASK64;
        const big0 = rotate64(a, 28n) ^ rotate64(a, 34n) ^ rotate64(a, 39n);
        const two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) & MASK64;
        h = g;
        g = f;
        f = e;
        e = (d + one) & MASK64;
        d = c;
        c = b;
        b = a;
        a = (one + two) & MASK64;
      }
      [a, b, c, d, e, f, g, h].forEach(function (word, index) {
        state[index] = (state[index] + word) & MASK64;
      });
    }
    const digest = new DataView(new ArrayBuffer(64));
    state.forEach((word, index) => digest.setBigUint64(8 * index, word));
    return new Uint8Array(digest.buffer);
  }

  function concat(parts) {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    parts.forEach(function (part) {
      whole.set(part, at);
      at += part.length;
    });
    return whole;
  }

  function hmacSha256(key, message) {
    const block = new Uint8Array(64);
    block.set(key.length > 64 ? sha256(key) : key);
    const inner = sha256(concat([block.map((byte) => byte ^ 0x36), message]));
    return sha256(concat([block.map((byte) => byte ^ 0x5c), inner]));
  }

  function utf8(text) {
    return new TextEncoder().encode(text);
  }

  function hex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function unhex(text) {
    return Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
  }

  const api = { sha256, sha512, hmacSha256, concat, utf8, hex, unhex };
  if (typeof module === "object" && module.exports) {
    module.exports = api;
  } else {
    root.DrawHash = api;
  }
})(typeof self === "undefined" ? globalThis : self);
