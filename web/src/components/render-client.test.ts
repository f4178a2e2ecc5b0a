import assert from "node:assert/strict";
import { test } from "node:test";
import { renderClient } from "#web/components/render-client.ts";

test("a browser is told by name, version and system, beside the address it came from", () => {
  for (const [agent, shown] of [
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36", "Chrome 150, Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0",
      "Edge 150, Windows",
    ],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:152.0) Gecko/20100101 Firefox/152.0", "Firefox 152, Windows"],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
      "Safari 26, macOS",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
      "Safari 26, iOS",
    ],
    [
      "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36",
      "Chrome 150, Android",
    ],
  ] as const)
    assert.equal(renderClient(`2001:db8::7 ${agent}`), `${shown} · 2001:db8::7`);
});

test("what is no browser, or pretends to be one, stays as it was kept", () => {
  for (const client of [
    "127.0.0.1 node",
    "local socket",
    "",
    "192.0.2.7",
    "192.0.2.7 Mozilla/5.0 <script>",
    "192.0.2.7 curl/8.1 Chrome/150",
  ])
    assert.equal(renderClient(client), client);
});
