/* The page's chat: typed blocks in, DOM nodes out. No HTML is ever parsed, no focus ever moved. */
"use strict";

(() => {
  const LONGEST = 500; // what the assistant reads
  const LONGEST_SENT = 3000; // what fits into a request
  const WAITS = [500, 1500]; // between three tries
  const PATIENCE = 15000;
  const SAFE_LINK = /^(https|tel|mailto|sms):/i;
  const KEPT = "safer-sleep";
  const $ = (id) => document.getElementById(id);
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  /* --- what this tab keeps: the session and what the person said in it ------------------ */

  const kept = (() => {
    let now = { session: null, said: [] };
    try {
      now = { ...now, ...JSON.parse(sessionStorage.getItem(KEPT) || "{}") };
    } catch { /* storage is off: keep it in memory */ }
    const save = () => {
      try { sessionStorage.setItem(KEPT, JSON.stringify(now)); } catch { /* as above */ }
    };
    return {
      get session() { return now.session; },
      get said() { return now.said; },
      start(session) { now.session = session; save(); },
      say(message) { now.said.push(message); save(); },
      clear() { now = { session: null, said: [] }; save(); },
    };
  })();

  /* --- the server ------------------------------------------------------------------------ */

  class Unreachable extends Error {}

  async function once(method, path, body, headers) {
    const hangUp = new AbortController();
    const timer = setTimeout(() => hangUp.abort(), PATIENCE);
    try {
      const response = await fetch(path, {
        method,
        headers: body ? { ...headers, "Content-Type": "application/json" } : headers,
        body: body && JSON.stringify(body),
        signal: hangUp.signal,
        cache: "no-store",
      });
      const answer = response.status === 204 ? {} : await response.json();
      if (response.status >= 500) throw new Unreachable(answer.error && answer.error.code);
      return { status: response.status, answer };
    } catch (error) { // no network, no answer in time, or no JSON from something in between
      throw new Unreachable(String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /* The same request up to three times; a message keeps its id, so it is answered once. */
  async function call(method, path, body, headers = {}) {
    for (const pause of WAITS) {
      try { return await once(method, path, body, headers); } catch { await wait(pause); }
    }
    return once(method, path, body, headers);
  }

  const asSession = () => ({ Authorization: `Session ${kept.session}` });

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
  }

  async function openSession() {
    const meta = document.querySelector('meta[name="safer-sleep-token"]');
    const { status, answer } = await call("POST", "/api/session", meta ? { token: meta.content } : {});
    if (status === 200) kept.start(answer.session);
    return status === 200 ? answer.messages.flatMap((each) => each.blocks) : answer.blocks;
  }

  async function ask(message) {
    const body = { message_id: message.id };
    if (message.choice) body.choice = message.choice;
    else body.text = message.text;
    return call("POST", "/api/messages", body, asSession());
  }

  /* --- blocks to nodes --------------------------------------------------------------------- */

  function node(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function link(label, href) {
    if (!SAFE_LINK.test(href || "")) return document.createTextNode(label || "");
    const made = node("a", "", label || href);
    made.href = href;
    if (/^https:/i.test(href)) made.rel = "noopener noreferrer";
    return made;
  }

  const bullets = (items) => node("ul", "", ...(items || []).map((item) => node("li", "", String(item))));

  function links(items) {
    if (!items || !items.length) return null;
    return node("ul", "links", ...items.map((item) => node("li", "", link(item.label, item.href))));
  }

  function titled(title, ...rest) {
    return node("div", "bubble", title ? node("p", "bubble-title", title) : null, ...rest);
  }

  function careCard(block) {
    const level = { non_urgent: "card-non-urgent", urgent: "card-urgent", emergency: "card-emergency" }[block.level];
    const [first, ...rest] = block.items || [];
    const title = node("h3", "card-title", node("span", "card-level", `${block.level_text}: `), block.title);
    const body = node("div", "card-body", first ? node("p", "card-first", first) : null);
    if (rest.length) body.append(bullets(rest));
    const numbers = links(block.links);
    if (numbers) body.append(numbers);
    return node("section", `card ${level || ""}`, title, body);
  }

  function choices(block) {
    const group = node("div", "choices");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Choose an answer");
    if (block.passive) group.dataset.passive = "";
    for (const option of block.options) {
      const button = node("button", "choice", option.label);
      button.type = "button";
      button.dataset.choice = option.id;
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") !== "true") {
          say({ id: newId(), text: option.label, choice: option.id });
        }
      });
      group.append(button);
    }
    return group;
  }

  /* Marks the pressed button and rests its neighbours; all stay where they are and readable. */
  function settle(group, chosen) {
    for (const button of group.querySelectorAll(".choice")) {
      button.setAttribute("aria-disabled", "true");
      if (button === chosen && !("chosen" in button.dataset)) {
        button.dataset.chosen = "";
        button.prepend("You chose: ");
      }
    }
  }

  function settleFor(message) {
    const chosen = message.choice && document.querySelector(`[data-choice="${CSS.escape(message.choice)}"]`);
    if (chosen) settle(chosen.parentElement, chosen);
    for (const group of document.querySelectorAll(".choices:not([data-passive])")) settle(group, null);
  }

  function sources(block) {
    const items = block.items.map((item) => node("li", "", link(item.name, item.url), item.year ? `, ${item.year}` : ""));
    return node("details", "sources", node("summary", "", "Where this comes from"), node("ul", "", ...items));
  }

  function doDont(block) {
    const made = node("div", "bubble do-dont");
    if (block.do && block.do.length) made.append(node("h3", "", "Do"), bullets(block.do));
    if (block.dont && block.dont.length) made.append(node("h3", "", "Do not"), bullets(block.dont));
    return made;
  }

  function problem(text, numbers) {
    const mark = node("span", "error-mark", "Problem: ");
    return node("div", "error", node("p", "", mark, text), links(numbers));
  }

  const MAKERS = {
    paragraph: (block) => node("p", "bubble", block.text),
    list: (block) => titled(block.title, bullets(block.items)),
    link: (block) => node("p", "bubble", link(block.label || block.text, block.href || block.url)),
    care_card: careCard,
    do_dont: doDont,
    choices,
    plan: (block) => titled(block.title, block.text || null, bullets(block.items)),
    sources,
    error: (block) => problem(block.text, block.links),
  };

  function made(block) {
    const make = Object.hasOwn(MAKERS, block.type) ? MAKERS[block.type] : null;
    if (make) return make(block);
    return block.text ? node("p", "bubble", String(block.text)) : null;
  }

  /* --- what is seen and what is heard ------------------------------------------------------- */

  const messages = $("messages");
  let quiet = 0;

  /* A region of its own, there before anything is said, so that only what is new is read. */
  function announce(text) {
    clearTimeout(quiet);
    const live = $("live");
    live.append(node("p", "", text));
    quiet = setTimeout(() => live.replaceChildren(), 8000);
  }

  function show(who, className, parts) {
    const item = node("li", `message ${className}`, node("span", "hidden", who), ...parts);
    messages.append(item);
    return item;
  }

  const showOwn = (text) => show("You said:", "message-own", [node("p", "bubble", text)]);

  function showAnswer(blocks, heard = true) {
    const parts = blocks.map(made).filter(Boolean);
    const item = show("The assistant said:", "message-answer", parts);
    if (heard) {
      for (const part of parts) announce(spoken(part));
      bringIntoView(item);
    }
    return item;
  }

  function spoken(part) {
    if (part.matches(".sources")) return "Where this comes from is listed below.";
    if (part.matches(".choices")) {
      const labels = Array.from(part.querySelectorAll("button"), (button) => button.textContent);
      return `You can choose: ${labels.join(", ")}`;
    }
    const lines = Array.from(part.querySelectorAll("h3, p, li"), (each) => each.textContent);
    return (lines.length ? lines : [part.textContent]).join(". ");
  }

  function bringIntoView(item) {
    const card = item.querySelector(".card-emergency");
    const before = item.previousElementSibling;
    if (card) card.scrollIntoView({ block: "start" });
    else if (before) before.scrollIntoView({ block: "start" });
  }

  let typingSaid = 0;

  function typing(on) {
    $("typing").hidden = !on;
    clearTimeout(typingSaid);
    if (on) typingSaid = setTimeout(() => announce("The assistant is writing"), 2000);
  }

  function showProblem(text, again) {
    const parts = [problem(text, [{ label: "Emergency: call 999", href: "tel:999" }])];
    const item = show("The assistant said:", "message-answer", parts);
    announce(spoken(parts[0]));
    offerAgain(item, again);
    bringIntoView(item);
  }

  function offerAgain(item, again) {
    const button = node("button", "again", "Try again");
    button.type = "button";
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      button.textContent = "Trying again";
      again();
    });
    item.append(node("div", "", button));
  }

  /* --- the conversation: one thing at a time, in the order it was said ----------------------- */

  let line = Promise.resolve();

  function inTurn(work) {
    line = line.then(async () => {
      typing(true);
      try { await work(); } finally { typing(false); }
    }).catch(() => {});
    return line;
  }

  function say(message) {
    kept.say(message);
    settleFor(message);
    showOwn(message.text).scrollIntoView({ block: "nearest" });
    inTurn(() => deliver(message));
  }

  async function deliver(message) {
    try {
      if (!kept.session) showAnswer(await openSession());
      let { status, answer } = await ask(message);
      if (status === 401) { // the chat ended meanwhile: go on in a new one
        kept.clear();
        kept.say(message);
        showAnswer(await openSession());
        if (message.choice || !kept.session) return; // an old choice means nothing here
        ({ status, answer } = await ask(message));
      }
      typing(false);
      const item = showAnswer(answer.blocks);
      if (answer.ended) kept.clear();
      const failed = answer.blocks.some((block) => block.type === "error") && status !== 400;
      if (failed) offerAgain(item, () => inTurn(() => deliver(message)));
    } catch {
      typing(false);
      showProblem(
        "Your message did not get through. If a baby or anyone else is in danger, call 999 now.",
        () => inTurn(() => deliver(message)),
      );
    }
  }

  async function begin() {
    try {
      if (kept.session && (await restore())) return;
      showAnswer(await openSession());
    } catch {
      typing(false);
      showProblem(
        "The chat cannot be reached just now. If a baby or anyone else is in danger, call 999 now.",
        () => inTurn(begin),
      );
    }
  }

  /* After a reload: what was said and answered before, without reading it all out again. */
  async function restore() {
    const { status, answer } = await call("GET", "/api/messages", null, asSession());
    if (status !== 200) { kept.clear(); return false; }
    const answers = new Map(answer.messages.map((each) => [each.message_id, each.blocks]));
    const mine = new Set(kept.said.map((each) => each.id));
    for (const [id, blocks] of answers) if (!mine.has(id)) showAnswer(blocks, false);
    for (const message of kept.said) {
      settleFor(message);
      showOwn(message.text);
      if (answers.has(message.id)) showAnswer(answers.get(message.id), false);
    }
    if (messages.lastElementChild) bringIntoView(messages.lastElementChild);
    announce("Your chat is as you left it.");
    const last = kept.said[kept.said.length - 1];
    if (last && !answers.has(last.id)) inTurn(() => deliver(last)); // it was under way
    return true;
  }

  /* --- writing ------------------------------------------------------------------------------- */

  const text = $("text");
  const counter = $("counter");
  let counting = 0;

  const length = (value) => Array.from(value.trim()).length; // as the server counts

  function count() {
    const left = LONGEST - length(text.value);
    const used = left < LONGEST;
    if (!used) counter.textContent = `You can use up to ${LONGEST} characters`;
    else if (left >= 0) counter.textContent = `${left} character${left === 1 ? "" : "s"} left`;
    else counter.textContent = `${-left} too many: only part of your message will be read`;
    counter.toggleAttribute("data-over", left < 0);
    clearTimeout(counting);
    if (left <= 50) counting = setTimeout(() => announce(counter.textContent), 1000);
    text.style.height = "auto"; // set by script, which the page's policy allows
    text.style.height = `${text.scrollHeight + 4}px`;
  }

  function send() {
    const said = Array.from(text.value.trim()).slice(0, LONGEST_SENT).join("");
    if (!said) return;
    text.value = "";
    count();
    say({ id: newId(), text: said });
  }

  text.addEventListener("input", count);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });

  $("composer").hidden = false;
  inTurn(begin);
})();
