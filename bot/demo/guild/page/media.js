// Attachments, embeds and pictures.

import { timestamp } from "./clock.js";
import { bytes, colour, h, safeUrl } from "./dom.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";

/** The address of a media item: `attachment://name` means one of the message's own files. */
export function mediaUrl(url, message) {
  const name = /^attachment:\/\/(.+)$/.exec(url ?? "")?.[1];
  const found = name ? message.attachments?.find((attachment) => attachment.filename === name)?.url : url;
  return found ? safeUrl(found) : null;
}

/** A picture that opens in full in a new tab; one marked as spoiler shows after a press. */
export function picture(url, { description, width, height, spoiler = false, className = "picture" } = {}) {
  if (!url) return null;
  const ratio =
    width && height ? `aspect-ratio:${Number(width)}/${Number(height)};max-width:min(100%, ${Number(width)}px)` : null;
  const image = h("img", { src: url, alt: description ?? "", title: description, loading: "lazy", style: ratio });
  const link = h(
    "a",
    { class: className, href: url, target: "_blank", rel: "noopener", "aria-label": description || "Picture" },
    image,
  );
  if (!spoiler) return link;
  link.classList.add("picture-spoiler");
  link.onclick = (event) => {
    if (event.currentTarget.hasAttribute("data-local-revealed")) return;
    event.preventDefault();
    event.currentTarget.setAttribute("data-local-revealed", "");
  };
  return link;
}

/** A file that can be downloaded. */
export function fileCard(url, name, size) {
  const href = url ? safeUrl(url) : null;
  return h(
    "div",
    { class: "file" },
    icon("file"),
    h(
      "div",
      { class: "file-words" },
      href ? h("a", { href, download: name, title: name }, name) : h("span", {}, name),
      size === undefined || size === null ? null : h("small", {}, bytes(size)),
    ),
    href
      ? h("a", { class: "file-get", href, download: name, "aria-label": `Download ${name}` }, icon("download"))
      : null,
  );
}

export function attachmentNode(attachment) {
  const { filename, content_type: type = "", url, size, description } = attachment;
  const spoiler = filename.startsWith("SPOILER_");
  if (type?.startsWith("image/")) {
    return picture(safeUrl(url), {
      description: description ?? filename,
      width: attachment.width,
      height: attachment.height,
      spoiler,
    });
  }
  if (type?.startsWith("video/"))
    return h("video", { src: safeUrl(url), controls: true, preload: "metadata", title: filename });
  if (type?.startsWith("audio/"))
    return h(
      "div",
      { class: "audio" },
      fileCard(url, filename, size),
      h("audio", { src: safeUrl(url), controls: true }),
    );
  return fileCard(url, filename, size);
}

export function embedNode(embed, message, page) {
  const words = (text) => markdown(text, page);
  const thumbnail = mediaUrl(embed.thumbnail?.url, message);
  const smallIcon = (url) => {
    const src = mediaUrl(url, message);
    return src ? h("img", { class: "embed-icon", src, alt: "" }) : null;
  };
  const href = embed.url ? safeUrl(embed.url) : null;
  const foot = [embed.footer?.text, embed.footer?.text && embed.timestamp ? " • " : null];
  const parts = [
    embed.author
      ? h(
          "div",
          { class: "embed-author" },
          smallIcon(embed.author.icon_url),
          titleLink(embed.author.url, embed.author.name),
        )
      : null,
    embed.title
      ? h("div", { class: "embed-title" }, href ? titleLink(embed.url, words(embed.title)) : words(embed.title))
      : null,
    embed.description ? h("div", { class: "embed-text" }, words(embed.description)) : null,
    embed.fields?.length
      ? h(
          "div",
          { class: "embed-fields" },
          embed.fields.map((field) => embedField(field, words)),
        )
      : null,
    embed.image ? picture(mediaUrl(embed.image.url, message), { ...embed.image, description: embed.title }) : null,
    embed.footer || embed.timestamp
      ? h(
          "div",
          { class: "embed-foot" },
          smallIcon(embed.footer?.icon_url),
          foot,
          embed.timestamp ? timestamp(Date.parse(embed.timestamp) / 1000, "f") : null,
        )
      : null,
  ];
  const style = embed.color ? `--accent:${colour(embed.color)}` : null;
  return h(
    "article",
    { class: "embed", style },
    h("div", { class: "embed-main" }, parts),
    thumbnail ? h("img", { class: "embed-thumbnail", src: thumbnail, alt: "" }) : null,
  );
}

function embedField(field, words) {
  return h(
    "div",
    { class: field.inline ? "embed-field inline" : "embed-field" },
    h("div", { class: "embed-name" }, words(field.name)),
    words(field.value),
  );
}

function titleLink(url, children) {
  const href = url ? safeUrl(url) : null;
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, children) : h("span", {}, children);
}
