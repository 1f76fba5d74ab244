// The group ristretto255 (RFC 9496) on whole numbers, for a few operations a question.
// What is secret here is secret from the server; on the asker's own machine nobody times it.

const P = 2n ** 255n - 19n;
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const mod = (value) => ((value % P) + P) % P;

function power(base, exponent, modulus) {
  let result = 1n;
  for (let factor = base % modulus; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}

export const inverseOfScalar = (scalar) => power(scalar, ORDER - 2n, ORDER);

const D = mod(-121665n * power(121666n, P - 2n, P));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n, P);
const isNegative = (value) => (value & 1n) === 1n;
const absolute = (value) => (isNegative(value) ? mod(-value) : value);

// Whether u/v is a square, and the root of it or of ROOT_OF_MINUS_ONE * u/v (RFC 9496, 4.2).
function rootOfRatio(u, v) {
  const v3 = mod(v * v * v);
  let root = mod(u * v3 * power(mod(u * v3 * v3 * v), (P - 5n) / 8n, P));
  const check = mod(v * root * root);
  const isRoot = check === u;
  const isNegativeRoot = check === mod(-u);
  const isTurnedRoot = check === mod(-u * ROOT_OF_MINUS_ONE);
  if (isNegativeRoot || isTurnedRoot) root = mod(root * ROOT_OF_MINUS_ONE);
  return [isRoot || isNegativeRoot, absolute(root)];
}

const INVERSE_ROOT_A_MINUS_D = rootOfRatio(1n, mod(-1n - D))[1];
const ROOT_AD_MINUS_ONE = (() => {
  const root = rootOfRatio(mod(-D - 1n), 1n)[1];
  return mod(-root);
})();

export const NOTHING = { x: 0n, y: 1n, z: 1n, t: 0n };

export function add(one, other) {
  const a = mod((one.y - one.x) * (other.y - other.x));
  const b = mod((one.y + one.x) * (other.y + other.x));
  const c = mod(2n * D * one.t * other.t);
  const d = mod(2n * one.z * other.z);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return { x: mod(e * f), y: mod(g * h), z: mod(f * g), t: mod(e * h) };
}

export function multiply(point, scalar) {
  let result = NOTHING;
  for (let factor = point; scalar > 0n; scalar >>= 1n) {
    if (scalar & 1n) result = add(result, factor);
    factor = add(factor, factor);
  }
  return result;
}

export function numberOf(bytes) {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

export function bytesOf(number) {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((number >> BigInt(8 * at)) & 255n));
}

// The point of 32 bytes, or an error where they are not the one way of writing a point.
export function decode(bytes) {
  const s = numberOf(bytes);
  if (bytes.length !== 32 || s >= P || isNegative(s)) throw new Error("not a ristretto255 point");
  const ss = mod(s * s);
  const u1 = mod(1n - ss);
  const u2 = mod(1n + ss);
  const v = mod(-D * u1 * u1 - u2 * u2);
  const [isSquare, inverse] = rootOfRatio(1n, mod(v * u2 * u2));
  const denominatorX = mod(inverse * u2);
  const denominatorY = mod(inverse * denominatorX * v);
  const x = absolute(mod(2n * s * denominatorX));
  const y = mod(u1 * denominatorY);
  const t = mod(x * y);
  if (!isSquare || isNegative(t) || y === 0n) throw new Error("not a ristretto255 point");
  if (s === 0n) throw new Error("the identity answers nothing");
  return { x, y, z: 1n, t };
}

// The generator in its one way of writing (RFC 9496, A.1).
export const BASE = decode(
  Uint8Array.from(
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76".match(/../g),
    (pair) => parseInt(pair, 16),
  ),
);

export function encode({ x, y, z, t }) {
  const u1 = mod((z + y) * (z - y));
  const u2 = mod(x * y);
  const inverse = rootOfRatio(1n, mod(u1 * u2 * u2))[1];
  const [d1, d2] = [mod(inverse * u1), mod(inverse * u2)];
  const inverseZ = mod(d1 * d2 * t);
  const turns = isNegative(mod(t * inverseZ));
  const [turnedX, turnedY] = [mod(y * ROOT_OF_MINUS_ONE), mod(x * ROOT_OF_MINUS_ONE)];
  const chosenX = turns ? turnedX : x;
  const denominator = turns ? mod(d1 * INVERSE_ROOT_A_MINUS_D) : d2;
  let chosenY = turns ? turnedY : y;
  if (isNegative(mod(chosenX * inverseZ))) chosenY = mod(-chosenY);
  return bytesOf(absolute(mod(denominator * (z - chosenY))));
}

// The map of RFC 9496, 4.3.4 from a number of the field to a point.
function mapped(number) {
  const r = mod(ROOT_OF_MINUS_ONE * number * number);
  const u = mod((r + 1n) * (1n - D * D));
  const v = mod((-1n - r * D) * (r + D));
  const [isSquare, root] = rootOfRatio(u, v);
  const s = isSquare ? root : mod(-absolute(mod(root * number)));
  const c = isSquare ? P - 1n : r;
  const n = mod(c * (r - 1n) * mod((D - 1n) * (D - 1n)) - v);
  const [w0, w1] = [mod(2n * s * v), mod(n * ROOT_AD_MINUS_ONE)];
  const [w2, w3] = [mod(1n - s * s), mod(1n + s * s)];
  return { x: mod(w0 * w3), y: mod(w2 * w1), z: mod(w1 * w3), t: mod(w0 * w2) };
}

// A point drawn evenly by 64 even bytes (the sum of two mapped halves).
export function fromUniform(bytes) {
  const half = (from) => mod(numberOf(bytes.slice(from, from + 32)) & (2n ** 255n - 1n));
  return add(mapped(half(0)), mapped(half(32)));
}
