import assert from "node:assert/strict";
import { it } from "node:test";

import { arrived, begin, discarded, type Editing, isChanged, redone, savedAs, typedOn, undone } from "./editing.ts";

const FIRST = { document: "points: 1\n", revision: 1 };
const SECOND = { document: "points: 2\n", revision: 2 };

function typing(text: string): Editing {
  return typedOn(begin(FIRST), text, 10_000);
}

it("shows another revision where nothing is unsaved, and what was there can be had back", () => {
  const next = arrived(begin(FIRST), SECOND);
  assert.equal(next.text, SECOND.document);
  assert.equal(isChanged(next), false);
  assert.equal(next.outdated, false);
  assert.equal(undone(next).text, FIRST.document);
});

it("keeps what was typed when somebody else saves, and says so", () => {
  const next = arrived(typing("points: 5\n"), SECOND);
  assert.equal(next.text, "points: 5\n");
  assert.equal(next.outdated, true);
  assert.equal(next.revision, 1);
  assert.equal(isChanged(next), true);
  assert.equal(arrived(next, { ...SECOND, revision: 3 }).outdated, true);
  assert.equal(discarded(next, SECOND).outdated, false);
});

it("keeps what was typed while it was saved, whichever answer comes first", () => {
  const sent = "points: 2\n";
  const typed = typedOn(typing(sent), "points: 25\n", 20_000);
  const one = arrived(savedAs(typed, SECOND, sent), SECOND);
  const other = savedAs(arrived(typed, SECOND), SECOND, sent);
  for (const next of [one, other]) {
    assert.equal(next.text, "points: 25\n");
    assert.equal(next.base, SECOND.document);
    assert.equal(next.revision, 2);
    assert.equal(next.outdated, false);
  }
});

it("shows a text as it was saved, with the steps before it", () => {
  const next = arrived(savedAs(typing("points:   2\n"), SECOND, "points:   2\n"), SECOND);
  assert.equal(next.text, SECOND.document);
  assert.equal(isChanged(next), false);
  assert.equal(undone(next).text, FIRST.document);
});

it("does not mind a revision that changes something else", () => {
  const next = arrived(typing("points: 5\n"), { ...FIRST, revision: 7 });
  assert.equal(next.outdated, false);
  assert.equal(next.revision, 7);
  assert.equal(next.text, "points: 5\n");
});

it("finds a kept text again, and knows whether the draft was saved since", () => {
  assert.equal(begin(SECOND, { revision: 2, text: "points: 9\n" }).outdated, false);
  const late = begin(SECOND, { revision: 1, text: "points: 9\n" });
  assert.equal(late.outdated, true);
  assert.equal(late.found, true);
  assert.equal(undone(late).text, SECOND.document);
  assert.equal(begin(SECOND, { revision: 1, text: SECOND.document }).found, false);
});

it("takes letters back together, and does them again", () => {
  const next = typedOn(typedOn(typing("a"), "ab", 10_100), "abc", 20_000);
  assert.equal(undone(next).text, "ab");
  assert.equal(undone(undone(next)).text, FIRST.document);
  assert.equal(redone(undone(next)).text, "abc");
  assert.equal(undone(begin(FIRST)).text, FIRST.document);
});
