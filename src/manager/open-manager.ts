/**
 * Opens the manager on a data folder and wires its rooms: keys, store, realm, audit, identity, logs, HTTP. The order is the order in
 * which one needs the other; closing goes backwards. What belongs here: who gets what. What does not: the process around it
 * (`main.ts`: arguments, signals, messages to the supervisor).
 */
import { hostname } from "node:os";
import { openAuditTrail } from "#audit/audit-trail.ts";
import { startChainWatch, type ChainWatchOptions } from "#audit/chain-watch.ts";
import { pruneAudit } from "#audit/prune-audit.ts";
import { openController, type Controller, type ControllerOptions } from "#controller/open-controller.ts";
import { openIdentity } from "#identity/open-identity.ts";
import type { FirstPassword } from "#identity/first-start.ts";
import type { IdentityContext } from "#identity/identity-context.ts";
import { openPasswordHasher } from "#identity/password-hash.ts";
import { openPolicyRevision } from "#identity/policy-revision.ts";
import type { LoadOwnedJobs } from "#identity/ports.ts";
import { defaultIdentitySettings, type IdentitySettings } from "#identity/rules/identity-settings.ts";
import { openJobs } from "#jobs/open-jobs.ts";
import { loadOwnedJobs } from "#jobs/owned-jobs.ts";
import type { Clock } from "#kernel/clock.ts";
import type { DataLayout } from "#kernel/data-layout.ts";
import type { Log } from "#kernel/log.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import type { ReadSettings } from "#kernel/settings.ts";
import { version } from "#kernel/version.ts";
import { buildApp } from "#manager/app.ts";
import { startHousekeeping } from "#manager/housekeeping.ts";
import { openListeners, type TlsMaterial } from "#manager/listen.ts";
import { LogFiles } from "#manager/log-file.ts";
import { keptFromBytes, LogLines } from "#manager/log-lines.ts";
import { openApiOf } from "#manager/open-api.ts";
import { allRoutes } from "#manager/routes/all-routes.ts";
import { mainController } from "#manager/routes/jobs.ts";
import { RunFeed } from "#manager/run-feed.ts";
import { openRefusedSubmissions } from "#manager/refused-submissions.ts";
import type { Services } from "#manager/services.ts";
import { openWitnessFiles } from "#manager/witness-files.ts";
import { webTls } from "#manager/web-tls.ts";
import { defaultStreamOptions, EventStreams, type StreamOptions } from "#manager/web/event-stream.ts";
import { createListenerTls, type ListenerTls } from "#nodes/listener-certificate.ts";
import { openKeyRing } from "#nodes/key-ring.ts";
import { openManagerKeys } from "#nodes/manager-keys.ts";
import { openNodes } from "#nodes/open-nodes.ts";
import { openRealm } from "#nodes/realm.ts";
import { openStore } from "#store/open.ts";
import { publicKeyFromRaw } from "#proof/keys.ts";

export interface ManagerOptions {
  readonly layout: DataLayout;
  readonly settings: ReadSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests: cheaper hashes, shorter intervals. */
  readonly identitySettings?: Partial<IdentitySettings>;
  readonly streamOptions?: Partial<StreamOptions>;
  readonly controllerSettings?: NonNullable<ControllerOptions["settings"]>;
  readonly chainSettings?: Pick<ChainWatchOptions, "firstAfterMs" | "everyMs" | "wholeEveryMs">;
}

export interface Manager {
  readonly url: string;
  readonly port: number;
  /** `host:port` where agents dial in. */
  readonly agentListener: string;
  readonly caFingerprint: string;
  readonly services: Services;
  readonly firstPassword: FirstPassword | null;
  close(): Promise<void>;
}

/** How long requests under way may still take when the manager stops. */
const closeGraceMs = 3000;
/** How soon streams notice a change of policy that another manager made. */
const policyWatchMs = 1000;

/** The name under which nodes are told to dial. */
const shownHost = (host: string, names: readonly string[]): string => {
  const told = host === "0.0.0.0" || host === "::" ? (names[0] ?? hostname()) : host;
  return told.includes(":") ? `[${told}]` : told;
};

/** Opens everything, or nothing. */
export const openManager = async (options: ManagerOptions): Promise<Manager> => {
  const { layout, clock, log, settings } = options;
  const { values } = settings;
  const closers: (() => Promise<unknown> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) {
      try {
        await close();
      } catch (error) {
        log.error({ err: error }, "a part of the manager could not be closed");
      }
    }
  };
  try {
    makePrivateFolder(layout.manager.folder);
    const madeKeys = await openManagerKeys({ folder: layout.manager.keys, realmName: values.realm, nowMs: clock.nowMs() });
    const store = await openStore({ url: values["database-url"] ?? `sqlite:${layout.manager.database}`, clock, log });
    closers.push(() => store.close());
    const { keys } = await openRealm({ store, keys: madeKeys, checkpointFile: layout.manager.checkpoints, log });
    const audit = await openAuditTrail({
      store,
      clock,
      log,
      checkpointFile: layout.manager.checkpoints,
      signingKey: keys.audit.privateKey,
    });
    closers.push(() => audit.close());
    const chain = startChainWatch({
      store,
      audit,
      clock,
      log,
      checkpointFile: layout.manager.checkpoints,
      publicKey: publicKeyFromRaw(keys.audit.publicKey),
      ...options.chainSettings,
    });
    closers.push(() => chain.close());
    const keyRing = await openKeyRing({ keys, audit, clock });
    const realm = { id: keys.realm.id, name: keys.realm.name };
    const identitySettings: IdentitySettings = {
      ...defaultIdentitySettings,
      sessionIdleMs: values["session-idle"],
      sessionLifeMs: values["session-life"],
      minimumPasswordLength: values["minimum-password-length"],
      ...options.identitySettings,
    };
    const ownedJobs: LoadOwnedJobs = (tx) => loadOwnedJobs(tx, mainController);
    const agentHosts = [values["agent-host"], ...values["allow-host"]];
    const makeListenerTls = (): Promise<ListenerTls> => createListenerTls(keys, { hosts: agentHosts, nowMs: clock.nowMs() });
    // Together: at a first start the one waits for a password hash on the thread pool while the other makes a certificate.
    const [identity, listenerTls] = await Promise.all([
      openIdentity({ store, audit, clock, log, realm, ownerUid: values["owner-uid"], settings: identitySettings, ownedJobs }),
      makeListenerTls(),
    ]);
    // A hasher of its own: within a transaction nothing may wait for the slots that logins hold.
    const identityContext: IdentityContext = {
      store,
      audit,
      clock,
      log,
      realm,
      settings: identitySettings,
      hasher: openPasswordHasher(identitySettings),
      policy: openPolicyRevision(store, clock),
      ownedJobs,
    };

    let listenerAddress = "";
    const nodes = openNodes({ store, audit, clock, keys: () => keyRing.keys(), listenerAddress: () => listenerAddress });
    const jobs = openJobs({
      store,
      audit,
      clock,
      log,
      nodes,
      dispatch: { prepare: (name, runs) => controller.prepare(name, runs), queued: () => controller.wake() },
    });
    const logLines: LogLines = new LogLines((run) => controller.logs.path(run));
    /** One large log after the other; of one that has grown several times meanwhile once. */
    let keeping: Promise<unknown> = Promise.resolve();
    const growing = new Set<string>();
    const prepare = (run: string, look: () => Promise<void>): void => {
      keeping = keeping.then(look).catch((error: unknown) => log.warn({ err: error, run }, "the lines of a log could not be kept"));
    };
    const controller: Controller = await openController({
      store,
      audit,
      clock,
      log,
      nodes,
      jobs,
      principalOf: (accessId) => identity.principalOf(accessId),
      signer: () => keyRing.keys().delegation,
      announcement: () => keyRing.announcement(),
      realm: () => ({ id: keys.realm.id, name: keys.realm.name, epoch: keys.realm.epoch }),
      logsFolder: layout.manager.logs,
      logHeard: {
        onSealed: (run, size) => {
          if (size >= keptFromBytes) prepare(run, () => logLines.keep(run));
        },
        onLarge: (run, size) => {
          if (size < 0) return logLines.forget(run);
          if (growing.has(run)) return;
          growing.add(run);
          prepare(run, () => {
            growing.delete(run);
            return logLines.follow(run);
          });
        },
      },
      listener: {
        host: values["agent-host"],
        port: values["agent-port"],
        tls: listenerTls,
      },
      handleJoin: (body) => nodes.handleJoin(body),
      settings: { maxInFlightPerNode: values["max-in-flight"], ...options.controllerSettings },
    });
    closers.push(
      () => keeping,
      () => controller.close(),
    );
    listenerAddress = `${shownHost(values["agent-host"], values["allow-host"])}:${controller.port}`;
    keyRing.onRotated(() => controller.issuersChanged());
    nodes.onRevoked(
      (node) =>
        void controller
          .nodeRevoked(node.id, node.name)
          .catch((error: unknown) => log.error({ err: error, node: node.name }, "the runs of a revoked node could not be ended")),
    );

    const feed = new RunFeed();
    controller.onChange((change) => feed.runChanged(change.run));
    closers.push(
      startHousekeeping({
        jobs,
        controller,
        log,
        policy: { historyMs: values["keep-history"], logsMs: values["keep-logs"] },
        pruneAudit: async () => {
          const keepMs = values["keep-audit"];
          if (keepMs === null) return false;
          const signingKey = keys.audit.privateKey;
          return (await pruneAudit({ store, audit, clock, checkpointFile: layout.manager.checkpoints, signingKey, keepMs })).more;
        },
        renewTls: async () => controller.renewTls(await makeListenerTls()),
      }),
    );

    const streams = new EventStreams(log, { ...defaultStreamOptions, ...options.streamOptions });
    closers.push(() => streams.closeAll());
    let knownRevision = await identity.policyRevision();
    const watch = setInterval(() => {
      void identity.policyRevision().then(
        (revision) => {
          if (revision === knownRevision) return;
          knownRevision = revision;
          void streams.recheckAll();
        },
        () => void streams.recheckAll(),
      );
    }, policyWatchMs).unref();
    closers.push(() => clearInterval(watch));

    const witnesses = openWitnessFiles({ folder: layout.manager.witnesses, clock });
    closers.push(() => witnesses.close());
    const services: Services = {
      clock,
      log,
      version,
      startedAtMs: clock.nowMs(),
      realm,
      settings,
      store,
      audit,
      chain,
      witnesses,
      identity,
      identityContext,
      jobs,
      nodes,
      keyRing,
      controller,
      logFiles: new LogFiles((run) => controller.logs.path(run)),
      logLines,
      feed,
      refusedSubmissions: openRefusedSubmissions({ audit, clock }),
      streams,
      openApi: () => openApiOf(app, routes),
    };
    const tls: TlsMaterial | null = await webTls(values, keys, clock.nowMs());
    const routes = allRoutes(services);
    const app = await buildApp({ routes, authentication: identity, log, clock, version, tls: tls !== null });
    closers.push(() => app.close());
    const listening = await openListeners({
      app,
      clock,
      host: values.host,
      port: values.port,
      tls,
      allowHosts: values["allow-host"],
      socket: layout.manager.socket,
    });
    closers.push(async () => {
      streams.closeAll();
      await listening.close(closeGraceMs);
    });
    return {
      url: listening.url,
      port: listening.port,
      agentListener: listenerAddress,
      caFingerprint: keys.ca.fingerprint,
      services,
      firstPassword: identity.firstPassword,
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
};
