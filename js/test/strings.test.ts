import { expect, test } from "vitest";
import { GATES, TOTAL_GRADIENTS } from "../src/protocol.gen";
import { CHINESE, ENGLISH, stringsFor } from "../src/strings";

function keys(table: object, path = ""): string[] {
  return Object.entries(table).flatMap(([key, value]) =>
    typeof value === "object" ? keys(value, `${path}${key}.`) : [`${path}${key}: ${typeof value}`],
  );
}

function texts(table: object): string[] {
  return Object.values(table).flatMap((value) => {
    if (typeof value === "object") return texts(value);
    return [typeof value === "function" ? String(value("3", "5")) : String(value)];
  });
}

test("both languages have the same entries, in the same order", () => {
  expect(keys(CHINESE)).toEqual(keys(ENGLISH));
});

test("no entry is empty", () => {
  for (const text of [...texts(ENGLISH), ...texts(CHINESE)]) expect(text.trim()).not.toBe("");
});

test("entries with a place for a number or a name use it", () => {
  for (const strings of [ENGLISH, CHINESE]) {
    expect(strings.step("1240")).toContain("1240");
    expect(strings.overhead("2.3 %")).toContain("2.3 %");
    expect(strings.at(17, 35)).toBe("t = 17 / 35");
  }
});

test("every gate, state and gradient has a full name in both languages that ends with its letter", () => {
  const letters = [...Object.values(GATES), ...Object.values(TOTAL_GRADIENTS)].flat();
  for (const letter of letters) {
    for (const strings of [ENGLISH, CHINESE]) expect(strings.gate[letter]).toMatch(new RegExp(`.{2,} ${letter}$`));
  }
});

test("ordinals are right", () => {
  expect([2, 3, 4, 11, 12, 13, 21, 22, 101].map((count) => ENGLISH.every(count).split(" ")[1])).toEqual([
    "2nd",
    "3rd",
    "4th",
    "11th",
    "12th",
    "13th",
    "21st",
    "22nd",
    "101st",
  ]);
});

test.each([
  ["zh-CN", CHINESE],
  ["ZH", CHINESE],
  ["en-GB", ENGLISH],
  ["de", ENGLISH],
  ["", ENGLISH],
])("the language %j has its strings", (language, strings) => {
  expect(stringsFor(language)).toBe(strings);
});
