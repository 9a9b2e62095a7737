// Ed25519 signature check (RFC 8032, section 5.1.7) with BigInt, for the receipts in a proof.
// It only verifies public data, so nothing here needs to run in constant time.
"use strict";

(function (root) {
  const hash = typeof require === "function" ? require("./sha256.js") : root.DrawHash;
  const P = (1n << 255n) - 19n;
  const L = (1n << 252n) + 27742317777372353535851937790883648493n;

  function mod(value, by) {
    const rest = value % by;
    return rest < 0n ? rest + by : rest;
  }

  function power(base, exponent) {
    let result = 1n;
    let square = mod(base, P);
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest & 1n) {
        result = (result * square) % P;
      }
      square = (square * square) % P;
    }
    return result;
  }

  const D = mod(-121665n * power(121666n, P - 2n), P);
  const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
  const NEUTRAL = [0n, 1n, 1n, 0n];

  // Points are [X, Y, Z, T] with x = X/Z, y = Y/Z, xy = T/Z.
  function add(p, q) {
    const a = mod((p[1] - p[0]) * (q[1] - q[0]), P);
    const b = ((p[1] + p[0]) * (q[1] + q[0])) % P;
    const c = (((2n * p[3] * q[3]) % P) * D) % P;
    const d = (2n * p[2] * q[2]) % P;
    const e = mod(b - a, P);
    const f = mod(d - c, P);
    const g = (d + c) % P;
    const h = (b + a) % P;
    return [(e * f) % P, (g * h) % P, (f * g) % P, (e * h) % P];
  }

  function multiply(point, scalar) {
    let result = NEUTRAL;
    let addend = point;
    for (let rest = scalar; rest > 0n; rest >>= 1n) {
      if (rest & 1n) {
        result = add(result, addend);
      }
      addend = add(addend, addend);
    }
    return result;
  }

  function same(p, q) {
    return mod(p[0] * q[2] - q[0] * p[2], P) === 0n && mod(p[1] * q[2] - q[1] * p[2], P) === 0n;
  }

  function littleEndian(bytes) {
    return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  function recoverX(y, sign) {
    const x2 = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n), P);
    let x = power(x2, (P + 3n) / 8n);
    if (mod(x * x - x2, P) !== 0n) {
      x = (x * ROOT_OF_MINUS_ONE) % P;
    }
    if (mod(x * x - x2, P) !== 0n || (x === 0n && sign === 1n)) {
      return null;
    }
    return (x & 1n) === sign ? x : P - x;
  }

  function decode(bytes) {
    const whole = littleEndian(bytes);
    const y = whole & ((1n << 255n) - 1n);
    if (bytes.length !== 32 || y >= P) {
      return null;
    }
    const x = recoverX(y, whole >> 255n);
    return x === null ? null : [x, y, 1n, (x * y) % P];
  }

  const BASE_Y = mod(4n * power(5n, P - 2n), P);
  const BASE_X = recoverX(BASE_Y, 0n);
  const BASE = [BASE_X, BASE_Y, 1n, (BASE_X * BASE_Y) % P];

  function verify(publicKey, message, signature) {
    const key = decode(publicKey);
    const commitment = signature.length === 64 ? decode(signature.subarray(0, 32)) : null;
    if (!key || !commitment) {
      return false;
    }
    const s = littleEndian(signature.subarray(32));
    if (s >= L) {
      return false;
    }
    const parts = [signature.subarray(0, 32), publicKey, message];
    const k = littleEndian(hash.sha512(hash.concat(parts))) % L;
    return same(multiply(BASE, s), add(commitment, multiply(key, k)));
  }

  const api = { verify };
  if (typeof module === "object" && module.exports) {
    module.exports = api;
  } else {
    root.DrawSignature = api;
  }
})(typeof self === "undefined" ? globalThis : self);
