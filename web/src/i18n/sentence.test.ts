import assert from "node:assert/strict";
import { test } from "node:test";
import { translated } from "#web/i18n/german/translated.ts";
import { fill, skeletonOf } from "#web/i18n/sentence.ts";

test("4.6: a sentence without its values is found again, with them", () => {
  assert.deepEqual(skeletonOf("there is no role `a b` in service `LOCAL`"), {
    key: "there is no role {} in service {}",
    values: ["`a b`", "`LOCAL`"],
  });
  assert.deepEqual(skeletonOf("give one of `a`, `b`, …"), { key: "give one of {}", values: ["`a`, `b`, …"] });
  assert.deepEqual(skeletonOf("account `x` (uid 0) is no run identity: uids below 1000 belong to the system").values, ["`x`", "0", "1000"]);
  // Part of a name, a version, an address.
  for (const text of ["only YAML 1.2 is read", "the body is not one JSON document in UTF-8", "no address 127.0.0.1"])
    assert.deepEqual(skeletonOf(text).values, [], text);
  assert.equal(fill("Im Dienst {2} gibt es keine Rolle {1}", ["`a`", "`$&`"]), "Im Dienst `$&` gibt es keine Rolle `a`");
});

test("4.6: a sentence of several parts is translated where each part is, and not at all where one is not", () => {
  assert.equal(
    translated("`controller:runs:create` on `/a; b` of controller `main` is refused: role `x: y` denies `controller` for all controllers"),
    "`controller:runs:create` auf `/a; b` ist für Controller `main` abgelehnt: Rolle `x: y` verbietet `controller` für alle Controller",
  );
  assert.equal(translated("there is no role `a`: and nobody knows why"), null);
  assert.equal(
    translated("on the node: behalf credential set ledger --user svc"),
    "auf dem Knoten: behalf credential set ledger --user svc",
  );
  assert.equal(
    translated(
      "there is no permission `x`. correct the spelling: permissions are whole segments joined by `:`, such as `controller:runs:create`",
    ),
    "Es gibt kein Recht `x`. Berichtigen Sie die Schreibweise: Rechte sind ganze Abschnitte mit `:` dazwischen, etwa `controller:runs:create`.",
  );
  assert.equal(translated("`a b` of Role must be of type array"), "`a b`: muss eine Liste sein");
});

test("4.6: what somebody named cannot make a sentence of the catalogue say something else", () => {
  // A name with a backtick ends its quotes: no sentence of ours is left.
  assert.equal(translated("there is no account `x` exists already; an account `y`"), null);
  assert.equal(translated("there is no account `{2}`"), "Es gibt kein Konto `{2}`");
  for (const name of ["__proto__", "constructor", "toString"]) assert.equal(translated(name), null);
});
