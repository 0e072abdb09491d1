// Runs before Gradio, whose page takes every cut of the network for the end and loads itself anew. Here `fetch` lasts:
// the answer to what the page has asked for is read on where it was cut, a request that may not have arrived is sent
// again under the same name (lasting.py carries it out once), and Gradio notices nothing.
{
  const plain = window.fetch.bind(window);
  const QUIET = 12_000; // ms without a sign of life, which comes every 5 s, after which a connection is dead
  const TRY = 1000; // ms between two attempts
  const SAID_AFTER = 1500; // ms of a cut after which it is said
  const IDLE = 3000; // ms for which a connection stays open when nothing is waited for
  const CLOSE = 'data: {"msg":"close_stream"}\n\n';
  const STREAM = { headers: { "Content-Type": "text/event-stream" } };
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const name = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("");
  const t = (text) => {
    const tables = window.gradio_config?.i18n_translations ?? {};
    const code = [navigator.language, navigator.language.split("-")[0]].find((one) => Object.hasOwn(tables, one));
    return tables[code]?.[text] ?? text;
  };

  const open = new Set(); // what Gradio waits for: ids of events
  const finished = new Set(); // of these what was finished before Gradio knew its id
  let joining = 0; // requests not answered yet: what they began has no id here
  let leaving = Promise.resolve(); // the last connection that was given up
  const streams = new Map(); // name -> what cuts its connection, if nothing came for a while
  let address = "";

  window.fetch = (input, init) => {
    const { pathname, origin, href } = new URL(input.url ?? input, location.href);
    const method = (init?.method ?? input.method ?? "GET").toUpperCase();
    if (origin !== location.origin || !pathname.includes("/gradio_api/")) return plain(input, init);
    if (method === "GET" && pathname.endsWith("/queue/data")) {
      address = href.slice(0, href.indexOf("/queue/data"));
      // Gradio asks for a stream when a request is answered, also if all that it began has ended meanwhile over the
      // stream of another; then nothing would ever come, and the browser has six connections for all its tabs.
      return Promise.resolve(open.size ? lasting(new Request(input, init)) : new Response(CLOSE, STREAM));
    }
    const needed = /\/(queue\/join|run\/[^/]+|upload)\/?$/.test(pathname);
    return needed && method === "POST" && init?.body ? insist(input, init, pathname) : plain(input, init);
  };

  async function insist(input, init, pathname) {
    joining += 1;
    try {
      await leaving;
      return await repeat(input, init, pathname);
    } finally {
      joining -= 1;
    }
  }

  async function repeat(input, init, pathname) {
    const headers = new Headers(init.headers);
    if (!pathname.endsWith("/upload")) headers.set("x-lasting-once", name()); // a file is stored by what is in it
    for (;;) {
      try {
        const answer = await plain(input, { ...init, headers });
        if (answer.status !== 502 && answer.status !== 504) {
          mended();
          if (answer.ok && pathname.includes("/queue/join")) await noteEvent(answer.clone());
          return answer;
        }
      } catch (problem) {
        if (init.signal?.aborted) throw problem;
      }
      cut();
      await pause(TRY);
    }
  }

  async function noteEvent(answer) {
    const { event_id } = await answer.json();
    if (!finished.delete(event_id)) open.add(event_id);
  }

  // A response that goes on over as many connections as it takes.
  function lasting(request) {
    const coder = new TextEncoder();
    let id = name();
    let [over, cancelled] = [false, false];
    let count = 0; // messages that Gradio has
    let idle = 0; // a timer
    let drop = () => {};
    request.signal.addEventListener("abort", () => {
      over = true;
      drop();
    });
    const body = new ReadableStream({
      async start(controller) {
        const give = (text) => controller.enqueue(coder.encode(text));
        const rest = () => {
          clearTimeout(idle);
          idle = setTimeout(() => {
            if (open.size || joining) return rest();
            over = true;
            leaving = leave(id);
            give(CLOSE);
            drop();
          }, IDLE);
        };
        rest();
        while (!over) {
          const connection = new AbortController();
          let heard = Date.now();
          let ended = false;
          drop = () => connection.abort();
          streams.set(id, () => Date.now() - heard > QUIET / 2 && drop());
          const watching = setInterval(() => Date.now() - heard > QUIET && drop(), 1000);
          try {
            const headers = { Accept: "text/event-stream", "x-lasting-stream": id, "x-lasting-after": count };
            const answer = await plain(request.url, { headers, signal: connection.signal, cache: "no-store" });
            if (answer.status === 410) over = lose(give);
            else if (answer.ok) {
              mended();
              await read(answer.body, (message) => {
                heard = Date.now();
                if (message.startsWith(":") || over) return;
                rest();
                count += 1;
                [over, ended] = hand(message, give);
              });
            }
          } catch {
            // cut: once more
          }
          clearInterval(watching);
          if (over) break;
          if (ended) {
            streams.delete(id);
            [id, count] = [name(), 0];
            continue;
          }
          cut();
          await pause(TRY);
        }
        clearTimeout(idle);
        mended();
        streams.delete(id);
        drop();
        if (!cancelled) controller.close();
      },
      cancel() {
        clearTimeout(idle);
        over = cancelled = true;
        drop();
      },
    });
    return new Response(body, STREAM);
  }

  // Calls `each` with every whole message of a body.
  async function read(body, each) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const messages = (rest + value).split("\n\n");
      rest = messages.pop();
      messages.forEach(each);
    }
  }

  // Gives Gradio a message; whether it was the last, and whether it was the last of this stream of the program's. That
  // may have ended before a request came whose answer is here already: Gradio would wait for it in vain.
  function hand(message, give) {
    const { msg, event_id, output } = JSON.parse(message.replace(/^data: ?/, ""));
    if (msg === "unexpected_error") return [lose(give), true]; // the program ended, or does not know this page any more
    if (msg === "close_stream" && open.size) return [false, true];
    if (msg === "process_completed" && !open.delete(event_id)) finished.add(event_id);
    give(message + "\n\n");
    if (msg === "log" || output?.error) entitle();
    return [msg === "close_stream", msg === "close_stream"];
  }

  // Tells the program that these streams are not read any more; what is asked for next waits until it knows.
  const leave = (...names) =>
    plain(`${address}/lasting/leave?${names.map((one) => `stream=${one}`).join("&")}`, { method: "POST" }).catch(() => {});

  // What the program was at is lost: said in one sentence, and nothing that was typed goes with it.
  function lose(give) {
    const error = t("The program was started anew, or the page was cut off from it for too long: what was being made is lost. What you typed is still here.");
    let visible = true;
    for (const event_id of open) {
      const output = { error, visible, duration: 20 };
      give(`data: ${JSON.stringify({ msg: "process_completed", event_id, success: false, output })}\n\n`);
      visible = false;
    }
    open.clear();
    entitle();
    give(CLOSE);
    window.dispatchEvent(new CustomEvent("aigc-lost", { detail: error }));
    return true;
  }

  // Gradio titles its messages "Error", "Warning" and "Info", whatever the program says and in any language.
  async function entitle() {
    const titles = { Error: t("That did not work"), Warning: t("Please note"), Info: t("Done") };
    for (let tries = 20; tries; tries--) {
      await pause(50); // until it is there
      for (const node of document.querySelectorAll(".toast-title")) {
        const name = node.textContent.trim();
        if (titles[name]) node.firstChild.data = titles[name] + " ";
      }
    }
  }

  // --- what is said of it --------------------------------------------------------------------------------------

  let since = 0;
  let note = null;
  function cut() {
    since ||= Date.now();
    if (note || Date.now() - since < SAID_AFTER) return;
    note = document.createElement("p");
    note.id = "connection-cut";
    note.setAttribute("role", "status");
    note.textContent = t("The connection is cut. As soon as it is back, the page goes on by itself; nothing is lost.");
    document.body.append(note);
  }
  function mended() {
    since = 0;
    note?.remove();
    note = null;
  }

  const look = () => document.visibilityState === "visible" && streams.forEach((check) => check());
  addEventListener("online", look);
  document.addEventListener("visibilitychange", look); // a phone wakes up
  addEventListener("pagehide", (event) => {
    if (event.persisted || !streams.size) return; // it may come back
    const names = [...streams.keys()].map((one) => `stream=${one}`).join("&");
    navigator.sendBeacon(`${address}/lasting/leave?${names}`);
  });
}
