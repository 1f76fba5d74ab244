// Runs the page's own code outside of a browser. The first line tells of the country, what the API
// tells of its key, and texts with a bank or none; for each one that can be read a question is
// written, the API's answer read, and what it says is written.
import { createInterface } from "node:readline";
import { questionAbout } from "./asking.js";
import { subjectOf } from "./subject.js";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => JSON.parse((await lines.next()).value);
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");

function read(text, bank, place) {
  try {
    return subjectOf(text, bank, place);
  } catch (error) {
    if (error.constructor.name !== "Unreadable") throw error;
    return null;
  }
}

const { place, known, texts } = await next();
for (const [text, bank] of texts) {
  const subject = read(text, bank, place);
  say(subject && `${subject.kind}:${subject.key}`);
  if (subject === null || known === null) continue;
  const question = await questionAbout(subject, known);
  say(question.body);
  try {
    say(await question.read(await next()));
  } catch (error) {
    say(error.message);
  }
}
process.exit(0);
