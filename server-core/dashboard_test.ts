/**
 * Reads both `/metrics` after real traffic, and compares them with the dashboard and the alerts: each metric
 * that these use must exist.
 */

import assert from "node:assert/strict";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { openSession } from "../gateway/testing/http3_client.ts";
import { freeTcpPort, freeUdpPort } from "../server-common/testing/free_ports.ts";
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";
import { makeChannel, outcome, publishTo } from "./testing/delivery_service.ts";
import { withTempDir } from "./testing/quic.ts";
import { random, seedDevices, type TestDevice } from "./testing/seed.ts";

interface Dashboard {
  uid: string;
  panels: { id: number; title: string; targets: { expr: string }[] }[];
}

Deno.test({
  name: "SERVERS 14: both /metrics have all that dashboard and alerts ask for, also before a first fault",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withTempDir(async (folder) => {
      await Deno.mkdir(`${folder}/core`);
      const [ann, bob] = seedDevices(`${folder}/core`, 2);
      const [coreMetrics, gatewayMetrics, http, udp] = (await Promise.all([
        freeTcpPort(),
        freeTcpPort(),
        freeTcpPort(),
        freeUdpPort(),
      ])).map(String);
      const core = await startCore(folder, { QPQ_LISTEN: "127.0.0.1:0", QPQ_METRICS_PORT: coreMetrics }, {});
      const gateway = await startGateway(folder, core.ready.addr, {
        QPQ_HTTP_PORT: http,
        QPQ_WT_PORT: udp,
        QPQ_GATEWAY_METRICS_PORT: gatewayMetrics,
      }, {});
      try {
        const [{ certificate }] = JSON.parse(
          await Deno.readTextFile(`${folder}/gateway/webtransport-certificates.json`),
        );
        const session = await openSession({ port: Number(udp), certificate, origin: `http://127.0.0.1:${http}` });
        const as = (device?: TestDevice) => new RpcClient(() => session.openStream(), () => device!.auth);
        const channelId = await makeChannel(as, [ann, bob]);
        const live = as(ann).stream(delivery.subscribe, { recipientKey: ann.recipientKey, after: 0 });
        await live.next();
        for (let count = 0; count < 3; count++) await publishTo(as(ann), channelId, 1, random(500));
        assert.equal(await outcome(as(bob).call(delivery.channelState, { channelId: random(32) })), "E016");
        await fetch(`http://127.0.0.1:${http}/rpc`, { method: "POST", body: "x" }).then((response) =>
          response.body?.cancel()
        );
        const scrape = async (port: string) => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        const [ofCore, ofGateway] = [await scrape(coreMetrics), await scrape(gatewayMetrics)];
        const has = (text: string, ...patterns: RegExp[]) => patterns.forEach((pattern) => assert.match(text, pattern));
        has(
          ofCore,
          /^qpq_calls_total\{method="publish",code="ok"\} 3$/m,
          /^qpq_calls_total\{method="channelState",code="E016"\} 1$/m,
          /^qpq_call_seconds_bucket\{le="\+Inf",method="publish"\} 3$/m,
        );
        has(
          ofCore,
          /^qpq_subscriptions 1$/m,
          /^qpq_connections 4$/m,
          /^qpq_calls_in_flight 1$/m,
          /^qpq_queue_messages 3$/m,
          /^qpq_queue_bytes 1500$/m,
          /^qpq_storage_commit_seconds_count [1-9]/m,
        );
        has(
          ofCore,
          /^qpq_received_bytes_total [1-9]\d{3}/m,
          /^qpq_sent_bytes_total [1-9]/m,
          /^qpq_database_bytes [1-9]/m,
          /^qpq_certificate_age_seconds [1-9]/m,
          /^qpq_certificate_expires_seconds [1-9]/m,
        );
        has(
          ofGateway,
          /^qpq_gateway_sessions 1$/m,
          /^qpq_gateway_calls 1$/m,
          /^qpq_gateway_calls_total [6-9]$/m,
          /^qpq_gateway_refusals_total\{reason="origin"\} 1$/m,
          /^qpq_gateway_bytes_to_core_total [1-9]\d{3}/m,
        );
        has(
          ofGateway,
          /^qpq_gateway_certificate_age_seconds [1-9]/m,
          /^qpq_gateway_certificate_expires_seconds [1-9]/m,
          /^qpq_gateway_call_seconds_count [1-9]/m,
        );
        // An increase from nothing to 1 is none for Prometheus: what an alert waits for is there at 0.
        has(
          ofCore,
          /^qpq_calls_total\{method="publish",code="E050"\} 0$/m,
          /^qpq_connections_closed_total\{limit="memory"\} 0$/m,
          /^qpq_unhandled_rejections_total 0$/m,
          /^qpq_queue_failures_total 0$/m,
        );
        has(ofGateway, /^qpq_gateway_unhandled_rejections_total 0$/m, /^qpq_gateway_upstream_silent_total 0$/m);
        const dashboard: Dashboard = JSON.parse(
          await Deno.readTextFile(new URL("../docs/grafana/quicproquo.json", import.meta.url)),
        );
        const asked = new Set(
          dashboard.panels.flatMap(({ targets }) =>
            targets.flatMap(({ expr }) => expr.match(/\b(?:qpq|process)_\w+/g)!)
          ),
        );
        assert.ok(asked.size > 15);
        const rules = await Deno.readTextFile(new URL("../docs/prometheus/quicproquo.rules.yml", import.meta.url));
        for (const [, expression] of rules.matchAll(/expr: (.*)/g)) {
          for (const [name] of expression.matchAll(/\bqpq_\w+/g)) asked.add(name);
        }
        for (const name of asked) {
          assert.ok(
            new RegExp(`^${name}[ {]`, "m").test(ofCore + ofGateway),
            `the dashboard or an alert asks for ${name}`,
          );
        }
        session.conn.close();
      } finally {
        await stopService(gateway);
        await stopService(core);
      }
    }),
});
