import { createEffect, createResource, createSignal, For, type JSX, on, Show } from "solid-js";
import type { DeviceInfo } from "../../../client/api/engine_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { browserLabel } from "../../state/browser_label.ts";
import { agoText } from "../../state/clock_text.ts";
import { problemFrom } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { PasswordDialog } from "./password_dialog.tsx";
import { ProblemNote } from "../common/problem_note.tsx";

/** A short id that people can compare with the one on the other device. */
const shortId = (deviceId: string) => deviceId.slice(0, 8);
const lastUse = (device: DeviceInfo) => (device.current ? Infinity : device.lastUsedMs ?? 0);

/**
 * The account's devices: this one, when the others were last used, and a button to remove them. A higher
 * `version` reloads the list.
 */
export function DevicesSection(props: { version: number }): JSX.Element {
  const app = useApp();
  const [devices, { refetch }] = createResource(() => app.engine.devices());
  const [revoking, setRevoking] = createSignal<string>();
  const [removed, setRemoved] = createSignal<string>();
  createEffect(on(() => props.version, () => void refetch(), { defer: true }));
  createEffect(
    on(() => app.connection().kind, (kind) => kind === "connected" && devices.error && void refetch(), { defer: true }),
  );
  const sorted = () => (devices.error ? undefined : devices.latest?.toSorted((a, b) => lastUse(b) - lastUse(a)));
  async function revoke(deviceId: string, password: string): Promise<void> {
    await app.engine.revokeDevice(deviceId, password);
    setRemoved(shortId(deviceId));
    await refetch();
  }
  return (
    <section class="panel-section" aria-labelledby="settings-devices">
      <h2 id="settings-devices" class="panel-heading">{text("settings.devices")}</h2>
      <p class="hint settings-note">{text("settings.devices-why")}</p>
      <Show when={devices.error}>
        {(error) => (
          <div class="settings-problem">
            <ProblemNote problem={problemFrom(error())} />
            <button type="button" class="button button-small" onClick={() => void refetch()}>
              {text("settings.retry")}
            </button>
          </div>
        )}
      </Show>
      <Show
        when={sorted()}
        fallback={
          <Show when={!devices.error}>
            <div class="settings-card settings-loading">
              <span class="spinner" role="progressbar" aria-label={text("settings.loading")} />
            </div>
          </Show>
        }
      >
        {(list) => (
          <ul class="settings-card" aria-labelledby="settings-devices">
            <For each={list()}>
              {(device) => <DeviceRow device={device} onRevoke={() => setRevoking(device.deviceId)} />}
            </For>
          </ul>
        )}
      </Show>
      <p class="settings-done" aria-live="polite">
        <Show when={removed()}>
          {(device) => (
            <>
              <Icon name="sent" />
              {text("settings.device-removed", { device: device() })}
            </>
          )}
        </Show>
      </p>
      <Show when={revoking()} keyed>
        {(deviceId) => (
          <PasswordDialog
            title={text("password.revoke-title", { device: shortId(deviceId) })}
            body={text("password.revoke-body")}
            confirm={text("password.revoke-yes")}
            danger
            onConfirm={(password) => revoke(deviceId, password)}
            onClose={() => setRevoking(undefined)}
          />
        )}
      </Show>
    </section>
  );
}

function DeviceRow(props: { device: DeviceInfo; onRevoke: () => void }): JSX.Element {
  const { device } = props;
  // Of the others nothing is told: neither the server nor this device knows what they run on.
  const label = device.current ? browserLabel(navigator.userAgent, navigator.maxTouchPoints) : undefined;
  const used = () => {
    if (device.current) return text("settings.device-now");
    return device.sessions > 0 && device.lastUsedMs !== undefined
      ? text("settings.device-used", { when: agoText(device.lastUsedMs, Date.now()) })
      : text("settings.device-idle");
  };
  return (
    <li class="settings-row">
      <Icon name="device" />
      <div class="settings-what">
        <p class="settings-name">
          <span>{text(device.current ? "settings.this-device" : "settings.other-device")}</span>
          <span class="code">{shortId(device.deviceId)}</span>
        </p>
        <p class="hint">
          <Show when={label}>{(known) => `${text("settings.device-label", { ...known() })} · `}</Show>
          {used()}
          <Show when={device.createdMs}>
            {(atMs) => ` · ${text("settings.device-added", { when: agoText(atMs(), Date.now()) })}`}
          </Show>
        </p>
      </div>
      <Show when={!device.current}>
        <button
          type="button"
          class="button button-small button-danger-quiet"
          aria-label={text("settings.revoke", { device: shortId(device.deviceId) })}
          onClick={() => props.onRevoke()}
        >
          {text("settings.revoke-short")}
        </button>
      </Show>
    </li>
  );
}
