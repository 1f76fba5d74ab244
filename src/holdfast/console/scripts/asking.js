// A question about a subject that does not tell which: a bucket shared by many, a blinded point,
// and how the answer is read. What a bucket is stands in docs/how-to/check-a-number.md.

import { blinded, drawnScalar, finished, verified } from "./oprf.js";

const REPORTED = 1;
const DISPUTED = 3;

const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

async function prefixOf(wire, bits) {
  const digest = new DataView(await crypto.subtle.digest("SHA-256", wire));
  return digest.getUint32(0) >>> (32 - bits);
}

// `known` is what GET /v1/check tells; `body` is to be posted there, and `read` reads the answer as
// "reported", "disputed" or "not_reported".
export async function questionAbout(subject, known) {
  const wire = new TextEncoder().encode(`${subject.kind}:${subject.key}`);
  const blind = drawnScalar();
  const point = await blinded(wire, blind);
  const body = {
    kind: subject.kind,
    prefix: await prefixOf(wire, known.prefix_bits[subject.kind]),
    blinded: toBase64(point),
    public_key: known.public_key,
  };
  const read = async (given) => {
    const evaluated = fromBase64(given.evaluated);
    const proof = fromBase64(given.proof);
    if (!(await verified(fromBase64(known.public_key), point, evaluated, proof))) {
      throw new Error("the answer was not made with the key that is published");
    }
    return found(fromBase64(given.rows), await finished(wire, blind, evaluated), known);
  };
  return { body, read };
}

function found(rows, output, { tag_bytes: tagBytes, row_bytes: rowBytes }) {
  for (let at = 0; at + rowBytes <= rows.length; at += rowBytes) {
    if (!rows.subarray(at, at + tagBytes).every((byte, place) => byte === output[place])) continue;
    const says = rows[at + tagBytes] ^ output[tagBytes];
    if (says === DISPUTED) return "disputed";
    if (says === REPORTED) return "reported";
    throw new Error("the answer cannot be read");
  }
  return "not_reported";
}
