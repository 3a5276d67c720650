import { For, type JSX } from "solid-js";
import { type Language, language, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { chooseLanguageForGood } from "../../state/language_choice.ts";
import { chooseTheme, currentTheme, themes } from "../../state/theme.ts";
import { Icon } from "../common/icons.tsx";

const languages: readonly { value: Language; name: string }[] = [{ value: "en", name: "English" }, {
  value: "de",
  name: "Deutsch",
}];

/** Colours and language. */
export function AppearanceSection(): JSX.Element {
  const app = useApp();
  return (
    <section class="panel-section" aria-labelledby="settings-appearance">
      <h2 id="settings-appearance" class="panel-heading">{text("settings.appearance")}</h2>
      <div class="settings-card">
        <Choice
          label={text("settings.theme")}
          name="theme"
          options={themes.map((value) => ({ value, name: text(`settings.theme-${value}`) }))}
          chosen={currentTheme()}
          onChoose={chooseTheme}
        />
        <Choice
          label={text("settings.language")}
          name="language"
          options={languages}
          chosen={language}
          onChoose={chooseLanguageForGood}
        />
        <button type="button" class="settings-row row-button" onClick={() => app.openings.show("shortcuts")}>
          <Icon name="keyboard" />
          {text("settings.shortcuts")}
        </button>
      </div>
    </section>
  );
}

/** Some options side by side, one of which is selected. */
function Choice<Value extends string>(
  props: {
    label: string;
    name: string;
    options: readonly { value: Value; name: string }[];
    chosen: Value;
    onChoose: (value: Value) => void;
  },
): JSX.Element {
  return (
    <fieldset class="settings-row choice">
      <legend class="settings-name">{props.label}</legend>
      <div class="choice-options">
        <For each={props.options}>
          {({ value, name }) => (
            <label class="choice-option">
              <input
                type="radio"
                class="visually-hidden"
                name={props.name}
                value={value}
                checked={props.chosen === value}
                onChange={() => props.onChoose(value)}
              />
              <span>{name}</span>
            </label>
          )}
        </For>
      </div>
    </fieldset>
  );
}
