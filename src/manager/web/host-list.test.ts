import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncomingMessage } from "node:http";
import { acceptedHosts, namesAcceptedHost } from "#manager/web/host-list.ts";

const request = (hosts: string[], url = "/"): IncomingMessage =>
  ({ headersDistinct: hosts.length === 0 ? {} : { host: hosts }, url }) as unknown as IncomingMessage;

test("W1: exactly the listed names with their port are accepted, in any case", () => {
  const accepted = acceptedHosts(["localhost", "127.0.0.1", "::1"], 4900, false);
  for (const host of ["localhost:4900", "LocalHost:4900", "127.0.0.1:4900", "[::1]:4900"])
    assert.equal(namesAcceptedHost(request([host]), accepted), true, host);
  for (const host of [
    "localhost",
    "localhost:4901",
    "evil.example:4900",
    "localhost:4900.evil.example",
    "localhost:4900@evil",
    "127.0.0.2:4900",
    "::1:4900",
    "",
  ])
    assert.equal(namesAcceptedHost(request([host]), accepted), false, host);
});

test("W1: no Host, two Hosts and a whole URL as target are refused", () => {
  const accepted = acceptedHosts(["localhost"], 4900, false);
  assert.equal(namesAcceptedHost(request([]), accepted), false);
  assert.equal(namesAcceptedHost(request(["localhost:4900", "localhost:4900"]), accepted), false);
  assert.equal(namesAcceptedHost(request(["localhost:4900"], "http://evil.example/"), accepted), false);
  assert.equal(namesAcceptedHost(request(["localhost:4900"], "*"), accepted), false);
});

test("W1: the port may be left out only where it is the scheme's own", () => {
  assert.equal(namesAcceptedHost(request(["behalf.example"]), acceptedHosts(["behalf.example"], 443, true)), true);
  assert.equal(namesAcceptedHost(request(["behalf.example"]), acceptedHosts(["behalf.example"], 80, true)), false);
});
