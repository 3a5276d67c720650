import { createSignal, type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { AppearanceSection } from "./appearance_section.tsx";
import { Avatar } from "../common/avatar.tsx";
import { CopyButton } from "../common/copy_button.tsx";
import { DevicesSection } from "./devices_section.tsx";
import { Icon } from "../common/icons.tsx";
import { ProtectionRow } from "../common/protection_row.tsx";
import { PasswordDialog } from "./password_dialog.tsx";
import { createPart } from "../../state/part.ts";
import { SignOutDialog } from "../account/sign_out_dialog.tsx";

/** The settings of the own account: key, devices, password, appearance. */
export function Settings(props: { compact: boolean }): JSX.Element {
  const app = useApp();
  const [signingOut, setSigningOut] = createSignal(false);
  const [devicesVersion, setDevicesVersion] = createSignal(0);
  const account = () => {
    const known = app.account();
    return known?.kind === "signed-in" ? known : undefined;
  };
  const privacy = createPart(() => import("../people/privacy_section.tsx"));
  const part = createPart(() => import("../leaving/your_data.tsx"));
  const close = () => app.navigation.up({ kind: "chats" });
  return (
    <section
      class="panel"
      aria-label={text("settings.title")}
    >
      <header class="pane-head">
        <button type="button" class="icon-button" aria-label={text("settings.close")} onClick={close}>
          <Icon name={props.compact ? "back" : "close"} />
        </button>
        <h1 class="pane-title">{text("settings.title")}</h1>
      </header>
      <div class="panel-body settings">
        <Show when={account()}>
          {(known) => <AccountCard username={known().username} accountKey={known().accountKey} />}
        </Show>
        <DevicesSection version={devicesVersion()} />
        <SecuritySection onSessionsEnded={() => setDevicesVersion((count) => count + 1)} />
        <Show when={privacy()} keyed>{({ PrivacySection }) => <PrivacySection />}</Show>
        <AppearanceSection />
        <Show when={account()}>{(known) => <ProtectionSection accountKey={known().accountKey} />}</Show>
        <Show when={part()} keyed>
          {({ YourData }) => <Show when={account()}>{(known) => <YourData username={known().username} />}</Show>}
        </Show>
        <div class="settings-card">
          <button type="button" class="settings-row settings-row-danger" onClick={() => setSigningOut(true)}>
            <Icon name="leave" />
            {text("chats.sign-out")}
          </button>
        </div>
        <Show when={signingOut()}>
          <SignOutDialog onClose={() => setSigningOut(false)} />
        </Show>
      </div>
    </section>
  );
}

/** What the account shows of itself, and the way to change it. */
function AccountCard(props: { username: string; accountKey: string }): JSX.Element {
  const { people } = useApp();
  const face = () => people.face(props.accountKey);
  const edit = createPart(() => import("../faces/profile_card.tsx"));
  return (
    <section class="account-card" aria-label={props.username}>
      <Avatar name={props.username} of={props.accountKey} />
      <p class="info-name" dir="auto">{face().displayName ?? props.username}</p>
      <Show when={face().displayName}>
        <p class="info-address">@{props.username}</p>
      </Show>
      <Show when={face().about}>{(about) => <p class="info-description" dir="auto">{about()}</p>}</Show>
      <Show when={edit()} keyed>
        {({ EditProfile }) => <EditProfile username={props.username} accountKey={props.accountKey} />}
      </Show>
    </section>
  );
}

/** The key that stands for this account, and the way to what protects it. */
function ProtectionSection(props: { accountKey: string }): JSX.Element {
  const groups = () => props.accountKey.match(/.{1,8}/g)?.join(" ");
  return (
    <section class="panel-section" aria-labelledby="settings-key">
      <h2 id="settings-key" class="panel-heading">{text("settings.key")}</h2>
      <div class="settings-card">
        <div class="settings-row">
          <Icon name="key" />
          <div class="settings-what">
            <p class="key-text">{groups()}</p>
            <p class="hint">{text("settings.key-why")}</p>
          </div>
          <CopyButton value={props.accountKey} label={text("settings.copy-key")} />
        </div>
        <ProtectionRow />
      </div>
    </section>
  );
}

function SecuritySection(props: { onSessionsEnded: () => void }): JSX.Element {
  const app = useApp();
  const [asking, setAsking] = createSignal<"password" | "code">();
  const [changed, setChanged] = createSignal(false);
  async function changePassword(old: string, fresh: string): Promise<void> {
    await app.engine.changePassword(old, fresh);
    setChanged(true);
    props.onSessionsEnded();
  }
  async function newCode(password: string): Promise<void> {
    app.showRecoveryCode({ code: (await app.engine.newRecoveryCode(password)).recoveryCode, occasion: "replaced" });
  }
  const ask = (what: "password" | "code") => {
    setChanged(false);
    setAsking(what);
  };
  return (
    <section class="panel-section" aria-labelledby="settings-security">
      <h2 id="settings-security" class="panel-heading">{text("settings.security")}</h2>
      <div class="settings-card">
        <div class="settings-row">
          <Icon name="lock" />
          <div class="settings-what">
            <p class="settings-name">{text("sign-in.password")}</p>
            <p class="hint">{text("settings.change-password-why")}</p>
          </div>
          <button
            type="button"
            class="button button-small"
            aria-label={text("settings.change-password")}
            onClick={() => ask("password")}
          >
            {text("settings.change-short")}
          </button>
        </div>
        <div class="settings-row">
          <Icon name="key" />
          <div class="settings-what">
            <p class="settings-name">{text("recovery.code")}</p>
            <p class="hint">{text("settings.new-code-why")}</p>
          </div>
          <button
            type="button"
            class="button button-small"
            aria-label={text("settings.new-code")}
            onClick={() => ask("code")}
          >
            {text("settings.new-code-short")}
          </button>
        </div>
      </div>
      <p class="settings-done" aria-live="polite">
        <Show when={changed()}>
          <Icon name="sent" />
          {text("settings.password-changed")}
        </Show>
      </p>
      <Show when={asking() === "password"}>
        <PasswordDialog
          title={text("password.change-title")}
          body={text("password.change-body")}
          confirm={text("settings.change-password")}
          change
          onConfirm={changePassword}
          onClose={() => setAsking(undefined)}
        />
      </Show>
      <Show when={asking() === "code"}>
        <PasswordDialog
          title={text("password.code-title")}
          body={text("password.code-body")}
          confirm={text("password.code-yes")}
          onConfirm={newCode}
          onClose={() => setAsking(undefined)}
        />
      </Show>
    </section>
  );
}
