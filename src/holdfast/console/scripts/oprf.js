// The asker's half of an oblivious pseudorandom function: RFC 9497, suite ristretto255-SHA512.
// The server multiplies a blinded point and learns nothing of the input; in the verifiable mode
// it proves that it used the key which it has published for everybody.

import {
  BASE,
  ORDER,
  add,
  bytesOf,
  decode,
  encode,
  fromUniform,
  inverseOfScalar,
  multiply,
  numberOf,
} from "./ristretto.js";

export const MODE = { base: 0, verifiable: 1 };
const HASH_BLOCK_BYTES = 128;
const UNIFORM_BYTES = 64;

const text = (words) => new TextEncoder().encode(words);
const twoBytes = (number) => Uint8Array.of(number >> 8, number & 255);
const withLength = (bytes) => joined([twoBytes(bytes.length), bytes]);
const context = (mode) => joined([text("OPRFV1-"), Uint8Array.of(mode), text("-ristretto255-SHA512")]);

export function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

async function sha512(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-512", joined(parts)));
}

// expand_message_xmd of RFC 9380 for one block of SHA-512, which is all that is needed.
async function expanded(message, domain) {
  const tag = joined([domain, Uint8Array.of(domain.length)]);
  const zeros = new Uint8Array(HASH_BLOCK_BYTES);
  const first = await sha512(zeros, message, twoBytes(UNIFORM_BYTES), Uint8Array.of(0), tag);
  return sha512(first, Uint8Array.of(1), tag);
}

async function scalarFrom(message) {
  const domain = joined([text("HashToScalar-"), context(MODE.verifiable)]);
  return numberOf(await expanded(message, domain)) % ORDER;
}

export function drawnScalar() {
  for (;;) {
    const scalar = numberOf(crypto.getRandomValues(new Uint8Array(64))) % ORDER;
    if (scalar !== 0n) return scalar;
  }
}

// The input's point times the blind, as 32 bytes for the server.
export async function blinded(input, blind, mode = MODE.verifiable) {
  const domain = joined([text("HashToGroup-"), context(mode)]);
  return encode(multiply(fromUniform(await expanded(input, domain)), blind));
}

// The function's 64 bytes for the input, from what the server made of the blinded point.
export async function finished(input, blind, evaluated) {
  const point = encode(multiply(decode(evaluated), inverseOfScalar(blind)));
  return sha512(withLength(input), withLength(point), text("Finalize"));
}

// Whether the server's answer was made with the key of this public half (RFC 9497, 2.2.2).
export async function verified(publicKey, asked, evaluated, proof) {
  if (proof.length !== 64) return false;
  const challenge = numberOf(proof.slice(0, 32));
  const response = numberOf(proof.slice(32));
  if (challenge >= ORDER || response >= ORDER) return false;
  const seedTag = joined([text("Seed-"), context(MODE.verifiable)]);
  const seed = await sha512(withLength(publicKey), withLength(seedTag));
  const weight = await scalarFrom(
    joined([withLength(seed), twoBytes(0), withLength(asked), withLength(evaluated), text("Composite")]),
  );
  const mixed = multiply(decode(asked), weight);
  const answer = multiply(decode(evaluated), weight);
  const base = add(multiply(BASE, response), multiply(decode(publicKey), challenge));
  const other = add(multiply(mixed, response), multiply(answer, challenge));
  const told = [publicKey, ...[mixed, answer, base, other].map(encode)].map(withLength);
  return (await scalarFrom(joined([...told, text("Challenge")]))) === challenge;
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (words) => Uint8Array.from(words.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export { bytesOf, numberOf as scalarOf };
