import { createSignal, For, type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { jump } from "../../state/jumps.ts";
import { chatRouteOf } from "../../state/routes.ts";
import type { Block, Inline } from "../../state/markup/markup.ts";
import { Icon } from "../common/icons.tsx";

type Of<Kind extends string, From> = Extract<From, { kind: Kind }>;

/**
 * The formatting of a message as elements. Nothing here takes HTML: each piece of text is a text node.
 *
 * @param props.own this account's username, whose mentions stand out
 */
export function MarkupView(props: { blocks: readonly Block[]; own: string }): JSX.Element {
  return <For each={props.blocks}>{(block) => <BlockView block={block} own={props.own} />}</For>;
}

function BlockView(props: { block: Block; own: string }): JSX.Element {
  const { block } = props;
  switch (block.kind) {
    case "text":
      return <Parts parts={block.parts} own={props.own} />;
    case "quote":
      return (
        <blockquote class="markup-quote" dir="auto">
          <Parts parts={block.parts} own={props.own} />
        </blockquote>
      );
    case "code":
      return <CodeBlock block={block} />;
    case "list":
      return (
        <ul class="markup-list">
          <For each={block.items}>
            {(item) => (
              <li class={`markup-level-${item.level}`}>
                <span class="markup-marker">{item.marker}</span>{" "}
                <span class="markup-item" dir="auto">
                  <Parts parts={item.parts} own={props.own} />
                </span>
              </li>
            )}
          </For>
        </ul>
      );
  }
}

/** The parts of a block are fixed data: most are one text, which needs no list. */
function Parts(props: { parts: readonly Inline[]; own: string }): JSX.Element {
  const { parts, own } = props;
  return parts.map((part) => Part({ part, own }));
}

function Part(props: { part: Inline; own: string }): JSX.Element {
  const { part } = props;
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return <code>{part.text}</code>;
    case "bold":
      return (
        <strong>
          <Parts parts={part.parts} own={props.own} />
        </strong>
      );
    case "italic":
      return (
        <em>
          <Parts parts={part.parts} own={props.own} />
        </em>
      );
    case "strike":
      return (
        <s>
          <Parts parts={part.parts} own={props.own} />
        </s>
      );
    case "mention":
      return <bdi class={part.username === props.own ? "mention mention-me" : "mention"}>{part.text}</bdi>;
    case "link":
      return <Link link={part} />;
  }
}

function Link(props: { link: Of<"link", Inline> }): JSX.Element {
  const app = useApp();
  /** A link to a message of this app opens here, and not in another tab. */
  function open(event: MouseEvent): void {
    const route = chatRouteOf(props.link.href, `${location.origin}${location.pathname}`);
    if (!route || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    jump(app.navigation, route);
  }
  return (
    <>
      {/* A direction of its own: what stands around it can not turn it round. */}
      <a href={props.link.href} target="_blank" rel="noopener noreferrer nofollow" dir="ltr" onClick={open}>
        {props.link.text}
      </a>
      <Show when={props.link.host}>
        {(host) => (
          <>
            {" "}
            <bdi class="link-host">({host()})</bdi>
          </>
        )}
      </Show>
    </>
  );
}

function CodeBlock(props: { block: Of<"code", Block> }): JSX.Element {
  const [copied, setCopied] = createSignal(false);
  const label = () => text(copied() ? "actions.copied" : "markup.copy-code");
  return (
    <div class="codeblock">
      <div class="code-head">
        <span>{props.block.language}</span>
        <button
          type="button"
          class="icon-button"
          aria-label={label()}
          title={label()}
          onClick={() => void navigator.clipboard.writeText(props.block.text).then(() => setCopied(true), () => {})}
        >
          <Icon name={copied() ? "sent" : "copy"} />
        </button>
      </div>
      <pre dir="ltr" tabindex="0">{props.block.text}</pre>
    </div>
  );
}
